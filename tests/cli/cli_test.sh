#!/bin/bash
# The command line on good and bad input: cli_test.sh WDMFUZZ_CLI CASE, see cases.sh.
source "$(dirname "$0")/cases.sh"

scenario() { cat > case.scn <<'END'
wdmfuzz 1
driver mailbox
cpus 1
1: T1 open h1
2: T1 write h1
3: T1 close h1
schedule directed
END
}

case_usage() {
  run 2 nonsense; complains 'see wdmfuzz --help'
  run 2 fuzz; complains 'DRIVER'
  run 2 fuzz mailbox --time never; complains 'time'
  run 2 replay mailbox case.scn --trace pdf; complains 'trace'
  run 0; says 'Subcommands'
  run 0 --help; says 'Exit codes'
}
case_tables() {
  run 0 rules; says '^Locks$'; says '^  SpinLock  *0xC4, 0x00040009 After KeAcquireSpinLock'
  says "^[0-9]* rules, [0-9]* of them Microsoft's, [0-9]* advice$"
  run 0 rules --markdown; says '^| `SpinLock` |'
  run 0 ddis; says 'KeAcquireSpinLockRaiseToDpc'
  run 0 ddis --markdown; says '^| `KeReleaseSpinLock` |'
  run 0 drivers; says 'mailbox'
  run 0 drivers --markdown; says '^| `mailbox` |'
}
# Each rule is on a line of its own, and `rules NAME` explains it; nothing is coloured away from a terminal.
case_rules() {
  local names count
  run 0 rules
  mapfile -t names < <(sed -nE 's/^  ([A-Za-z0-9]+) .*/\1/p' out)
  count=$(sed -nE 's/^([0-9]+) rules, .*/\1/p' out)
  ((count > 20 && count == ${#names[@]})) || fail "${#names[@]} rules listed, $count counted"
  run 0 rules "${names[@]}"
  (($(grep -cx '  bad' out) == count && $(grep -cx '  good' out) == count)) || fail 'not two examples for every rule'
  grep -q $'\x1b' out && fail 'coloured'
  run 0 rules spinlock DOUBLECOMPLETION
  says '^SpinLock$'; says '  level: fatal'; says '  documentation: "SpinLock rule (wdm)"'
  says '    KeAcquireSpinLock(&x->Lock, &irql);'; says '^DoubleCompletion$'
  run 0 rules SpinLock --markdown; says '^## SpinLock$'; says '^\* bug check: 0xC4'; says '^```c$'
  run 2 rules SpinLok; complains "there is no rule 'SpinLok'; nearest are SpinLock, "
  run 2 rules SpinLock cancelroutine; complains "there is no rule 'cancelroutine'; nearest are CancelRoutineSetBelow, CancelRoutineStillSet and "
}
case_no_such_driver() {
  run 2 check no-such-driver; complains 'no such directory'
  run 2 check ./no/such/driver; complains 'no such directory'
  mkdir empty; run 2 check empty; complains 'has no \*.c'
  touch file; run 2 check ./file; complains 'is a file'
}
case_does_not_compile() { run 2 check "$drivers/does_not_compile"; says 'does_not_compile: does not compile'; says NoSuchName; }
case_no_entry() { run 2 check "$drivers/no_entry"; complains 'no DriverEntry'; }
case_unknown_key() { run 2 check "$drivers/unknown_key"; complains "unknown key 'nmae'"; }
# A driver.toml elsewhere adds to the driver's own; blanks in names are no matter.
case_settings_elsewhere() {
  mkdir far 'the driver'
  cp "$drivers/use_after_free/driver.c" 'the driver'
  echo 'name = "near"' > 'the driver/driver.toml'
  printf '%s\n' 'directory = "../the driver"' 'defines = ["WITH_ANOTHER"]' > far/driver.toml
  run 0 check far --build-dir there; says 'driver near: compiles'; says '0x00222009 IOCTL_ANOTHER'
  [[ -d there/drivers ]] || fail '--build-dir is not where the driver is built'
  echo 'name = "far"' >> far/driver.toml
  run 0 check far --build-dir there; says 'driver far: compiles'
  echo 'directory = "../far"' > 'the driver/driver.toml'
  run 2 check far; complains "the driver/driver.toml: 'directory' may not stand"
  echo 'directory = "../nowhere"' > far/driver.toml
  run 2 check far; complains "far/driver.toml: 'directory': ../nowhere is no directory"
}
# What driver.toml puts into the registry and on disk is there when DriverEntry looks.
case_seeds() {
  mkdir seeded
  cat > seeded/driver.c <<'END'
#include <ntifs.h>
static ULONG level(PCWSTR path) {
  ULONG level = 0;
  RTL_QUERY_REGISTRY_TABLE table[2] = {{0}};
  table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED;
  table[0].Name = L"Level";
  table[0].EntryContext = &level;
  RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, path, table, NULL, NULL);
  return level;
}
static ULONG file_bytes(void) {
  UNICODE_STRING name;
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK iosb = {{0}};
  HANDLE file;
  char bytes[16];
  RtlInitUnicodeString(&name, L"\\??\\C:\\x\\y.bin");
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
  if (!NT_SUCCESS(ZwOpenFile(&file, FILE_READ_DATA | SYNCHRONIZE, &attributes, &iosb, 0, FILE_SYNCHRONOUS_IO_NONALERT)))
    return 0;
  ZwReadFile(file, NULL, NULL, NULL, &iosb, bytes, sizeof bytes, NULL, NULL);
  ZwClose(file);
  return (ULONG)iosb.Information;
}
static VOID unload(PDRIVER_OBJECT driver) { (void)driver; }
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
  driver->DriverUnload = unload;
  if (level(path->Buffer) != 7 || level(L"\\Registry\\Machine\\Software\\Z") != 8) return STATUS_OBJECT_NAME_NOT_FOUND;
  return file_bytes() == 5 ? STATUS_SUCCESS : STATUS_OBJECT_NAME_INVALID;
}
END
  printf '%s\n' '[registry]' 'Level = 7' "['registry'.'\Registry\Machine\Software\Z']" 'Level = 8' '[files]' \
    "'C:\x\y.bin' = 'hello'" > seeded/driver.toml
  run 0 check seeded; says 'DriverEntry: STATUS_SUCCESS'
  sed -i 's/Level = 7/Level = 6/' seeded/driver.toml
  run 2 check seeded; says 'DriverEntry returns STATUS_OBJECT_NAME_NOT_FOUND'
  sed -i 's/Level = 6/Level = 1.5/' seeded/driver.toml
  run 2 check seeded; complains "'registry..*Level' has to be a number, a string or a list"
  printf '%s\n' '[files]' "'C:\x' = {from = 'nowhere'}" > seeded/driver.toml
  run 2 check seeded; complains "'files': nowhere does not exist"
}
# A timer that expires again and again does not keep another one from being waited for; when that takes too long, nobody is blamed.
case_periodic_timer() {
  printf '%s\n' 'wdmfuzz 1' 'driver periodic_timer' 'cpus 1' '1: T1 open h1' '2: T1 read h1 out=1' '3: T1 close h1' > case.scn
  run 0 replay "$drivers/periodic_timer" case.scn; says '^clean'
  run 4 replay "$drivers/periodic_timer" -D DELAY_MS=60000 case.scn; says 'LIMIT: more than 2000 timer expiries'
}
# What driver.toml says about rules: off, or found and of no interest.
case_rule_settings() {
  mkdir rules
  printf 'directory = "%s"\n' "$here/../../harness/drivers/completeset" > rules/driver.toml
  local case=$here/../../corpus/completeset/found/cancelroutinestillset-1.scn
  run 1 replay rules "$case"; says 'SUMMARY: wdmfuzz: CancelRoutineStillSet'
  local function; function=$(sed -n 's/^SUMMARY: .* in //p' out)
  echo '[rules]' >> rules/driver.toml
  cp rules/driver.toml head
  echo 'off = ["CancelRoutineStillSet"]' >> rules/driver.toml
  run 0 replay rules "$case"; ! grep -q CancelRoutineStillSet out err || fail 'judges a rule that is off'
  cp head rules/driver.toml; echo "suppress = [\"CancelRoutineStillSet in $function\"]" >> rules/driver.toml
  run 0 replay rules "$case"; says "^wdmfuzz: suppressed by driver.toml: CancelRoutineStillSet in $function"
  cp head rules/driver.toml; echo 'suppress = ["CancelRoutineStillSet in SomethingElse"]' >> rules/driver.toml
  run 1 replay rules "$case"; says 'SUMMARY: wdmfuzz: CancelRoutineStillSet'
  cp head rules/driver.toml; echo 'suppress = ["SpinLock"]' >> rules/driver.toml
  run 2 check rules; complains 'is not like "SpinLock in Function"'
  cp head rules/driver.toml; echo 'off = ["Spinlock"]' >> rules/driver.toml
  run 2 check rules; complains "there is no rule 'Spinlock'; nearest are SpinLock, "
  cp head rules/driver.toml; echo 'of = []' >> rules/driver.toml
  run 2 check rules; complains "unknown key 'rules.of'"
}
# Of the sources beside it, a Visual Studio project says which belong to the driver.
case_project_file() {
  mkdir project
  cp "$drivers/use_after_free/driver.c" project/Driver.c
  echo 'this is no C' > project/tool.c
  run 2 check project; says 'does not compile'
  echo '<Project><ItemGroup><ClCompile Include="sub\driver.C" /></ItemGroup></Project>' > project/x.vcxproj
  run 0 check project; says 'compiles'
}
case_entry_fails() {
  run 2 check "$drivers/entry_fails"; says 'DriverEntry returns STATUS_INSUFFICIENT_RESOURCES'
  run 2 fuzz "$drivers/entry_fails" --time 5 --out o; says 'DriverEntry returns STATUS_INSUFFICIENT_RESOURCES'
}
case_entry_loops() { run 4 check "$drivers/entry_loops"; says 'LIMIT: no scheduling point'; says 'in DriverEntry'; }
case_entry_overflows() { run 1 check "$drivers/entry_overflows"; says 'SUMMARY: wdmfuzz: stack-overflow driver.c:.* in Recurse'; }
case_entry_null() { run 1 check "$drivers/entry_null"; says 'SUMMARY: wdmfuzz: NullCheck driver.c:9 in DriverEntry'; }
case_ioctls() {
  run 0 check "$drivers/use_after_free"
  says '0x00222004 IOCTL_PLAIN'; says '0x0022640f IOCTL_THROUGH_MACRO'
  ! grep -q IOCTL_ANOTHER out || fail 'knows a macro that is not defined'
  run 0 check "$drivers/use_after_free" -D WITH_ANOTHER; says '0x00222009 IOCTL_ANOTHER'
}
case_sanitizer() {
  run 1 replay "$drivers/use_after_free" "$here/use_after_free.scn"
  says 'ERROR: AddressSanitizer: heap-use-after-free'
  says 'SUMMARY: wdmfuzz: heap-use-after-free driver.c:22 in Create'
  run 1 fuzz "$drivers/use_after_free" --time 60 --jobs 1 --seed 1 --out o
  says 'SUMMARY: wdmfuzz: heap-use-after-free driver.c:22 in Create'
  [[ -s o/findings/heap-use-after-free-1.scn ]] || fail 'no scenario was written'
  run 1 replay "$drivers/use_after_free" o/findings/heap-use-after-free-1.scn
  run 0 replay --expect "$drivers/use_after_free" o/findings/heap-use-after-free-1.scn
}

case_replay_junk() {
  run 2 replay mailbox no-such-file; complains 'no-such-file: No such file'
  run 2 replay mailbox .; complains 'is a directory'
  : > empty; head -c 1 /dev/urandom > one; head -c 65536 /dev/urandom > random
  local file
  for file in empty one random; do
    "$cli" replay mailbox "$file" > out 2> err
    (($? == 0 || $? == 1)) || fail "replay of $file"
    ! grep -q 'EMU BUG' out err || fail "EMU BUG with $file"
  done
}
case_broken_text() {
  scenario
  local whole size
  whole=$(wc -c < case.scn)
  for ((size = 9; size < whole; size += 7)); do
    head -c "$size" case.scn > cut.scn
    "$cli" replay mailbox cut.scn > out 2> err
    case $? in
      0 | 1) ;;
      2) grep -q '^wdmfuzz: cut.scn: line [0-9]*: ' err || fail "cut at $size: no line number" ;;
      *) fail "cut at $size" ;;
    esac
  done
  printf 'wdmfuzz 1\nnonsense\n' > bad.scn
  run 2 replay mailbox bad.scn; complains 'bad.scn: line 2'
  run 2 show bad.scn; complains 'bad.scn: line 2'
}
case_replay() {
  scenario
  run 1 replay mailbox case.scn; says 'SUMMARY: wdmfuzz: SpinLock mailbox.c:54 in MailboxCancel'
  [[ $(head -n 1 out) == '[wdm:mailbox(1)] ERROR: Check failed: FuzzerHash=SpinLock' ]] || fail 'first line'
  [[ $(tail -n 1 out) == 'SUMMARY: wdmfuzz: SpinLock mailbox.c:54 in MailboxCancel' ]] || fail 'last line'
  run 1 replay mailbox case.scn --trace json; cmake -D FILE=out -P "$here/json.cmake" || fail 'no JSON'
  run 1 replay mailbox case.scn --trace perfetto; cmake -D FILE=out -P "$here/json.cmake" || fail 'no JSON'
  run 1 replay mailbox case.scn --trace html -o page.html; grep -q '</html>' page.html || fail 'no page'
  run 1 replay mailbox case.scn case.scn; says '== case.scn'
  echo 'expect SpinLock mailbox.c:54 in MailboxCancel' >> case.scn
  run 0 replay --expect mailbox case.scn
  sed -i 's/^expect .*/expect clean/' case.scn
  run 1 replay --expect mailbox case.scn; says 'expected clean'
}
case_nothing_overwritten() {
  scenario
  echo precious > kept
  run 2 replay mailbox case.scn --trace html -o kept; says 'exists'
  run 2 show case.scn -o kept; says 'exists'
  run 2 assemble case.scn -o kept; says 'exists'
  run 2 minimize mailbox case.scn -o kept; says 'exists'
  [[ $(cat kept) == precious ]] || fail 'a file was overwritten'
  run 0 show case.scn -o kept --force; grep -q '^wdmfuzz 1' kept || fail '--force did not write'
  run 2 show case.scn -o no/such/dir/file; complains 'No such file'
}
case_round_trip() {
  scenario
  run 0 assemble case.scn -o case.bin
  run 0 show case.bin --driver mailbox -o again.scn
  diff <(grep -v '^driver' case.scn) <(grep -v '^driver' again.scn) > out || fail 'text -> bytes -> text is not the identity'
}
case_minimize() {
  scenario
  sed -i 's/^2: T1 write h1/4: T1 read h1\n2: T1 write h1\n5: T2 open h2/' case.scn
  run 0 minimize mailbox case.scn -o small.scn; says 'SUMMARY: wdmfuzz: SpinLock'
  (($(grep -c ': T' small.scn) == 3)) || fail 'not minimal'
  run 1 replay mailbox small.scn; says 'SUMMARY: wdmfuzz: SpinLock mailbox.c:54 in MailboxCancel'
}
case_campaign() {
  run 1 fuzz mailbox --time 60 --jobs 2 --seed 7 --out o; says 'SUMMARY: wdmfuzz: SpinLock mailbox.c:54 in MailboxCancel'
  [[ -s o/findings/spinlock-1.scn && -s o/findings/spinlock-1.txt ]] || fail 'no finding was written'
  cp -r o/findings before
  run 1 fuzz mailbox --time 60 --jobs 1 --seed 8 --out o
  diff -r before o/findings | grep -v '^Only in o' > out && fail 'a finding was changed'
  run 0 fuzz eventlike --time 3 --jobs 1 --seed 1 --out clean
  [[ -n $(ls clean/corpus) ]] || fail 'no corpus was kept'
}
# The first defect is on every path; the others are only found by going on past it.
case_keep_going() {
  local hidden=$drivers/hidden_behind_read finding
  run 1 fuzz "$hidden" --time 200 --jobs 1 --seed 3 --keep-going --out o -- -runs=800
  for finding in 'heap-buffer-overflow driver.c:26 in Create' 'heap-buffer-overflow driver.c:42 in Copy' \
      'NullCheck driver.c:61 in Control' 'SpinLock driver.c:53 in TakeTwice'; do
    grep -qx "expect $finding" o/findings/*.scn || fail "did not find $finding"
  done
  (($(ls o/findings/*.scn | wc -l) == 4)) || fail "found something else: $(grep -h ^expect o/findings/*.scn)"
  ! grep -q 'EMU BUG' out err || fail 'EMU BUG'
  run 1 replay "$hidden" o/findings/spinlock-1.scn; says 'passed over before'; says '    heap-buffer-overflow driver.c:26 in Create'
  ! grep -q 'AddressSanitizer' out err || fail 'reports what it passes over'
  sed 's/#\([0-9]*\) 0x[0-9a-f]*/#\1/' out > first
  run 1 replay "$hidden" o/findings/spinlock-1.scn
  sed 's/#\([0-9]*\) 0x[0-9a-f]*/#\1/' out | cmp - first || fail 'two replays differ'
  run 0 replay --expect "$hidden" o/findings/*.scn
  sed '/^expect/d' o/findings/spinlock-1.scn > any.scn
  run 1 replay "$hidden" any.scn; says 'SUMMARY: wdmfuzz: heap-buffer-overflow driver.c:26 in Create'
  echo 'expect SpinLock driver.c:99 in Fixed' >> any.scn
  run 1 replay "$hidden" any.scn; says 'SUMMARY: wdmfuzz: heap-buffer-overflow driver.c:26 in Create'
}
# The same behind a double free; the size that the second one needs is known from the driver's own comparison.
case_keep_going_past_double_free() {
  local freed=$drivers/double_free
  run 1 fuzz "$freed" --time 200 --jobs 1 --seed 3 --keep-going --out o -- -runs=400
  for finding in 'double-free driver.c:27 in Create' 'SpinLock driver.c:39 in Control'; do
    grep -qx "expect $finding" o/findings/*.scn || fail "did not find $finding"
  done
  (($(ls o/findings/*.scn | wc -l) == 2)) || fail "found something else: $(grep -h ^expect o/findings/*.scn)"
  run 0 replay --expect "$freed" o/findings/*.scn
}
case_coverage() {
  local covered=$drivers/covered head
  head=$'wdmfuzz 1\ndriver covered\ncpus 1\n1: T1 open h1\n'
  mkdir -p some/corpus some/findings
  printf '%s2: T1 write h1\n' "$head" > some/findings/a.scn
  printf '%s2: T1 read h1\n' "$head" > some/corpus/b
  echo 'wdmfuzz 1: broken' > some/corpus/c
  run 0 coverage "$covered" some -o pages
  says '^covered: 3 cases'; says '1 file left out: no scenario'
  says '^driver.c  *44/51 .* 6/8 '; says '^inner/half.h  *4/5 .* 1/1 '; says '^seh.c  *0/11 .* 0/1 '
  says '^never entered: Caught, Control, Unused$'
  says "^page: $PWD/pages/index.html"
  [[ -s pages/index.html ]] || fail 'no page'
  printf '%s2: T1 ioctl h1 0x222004\n' "$head" > some/corpus/d.scn
  run 0 coverage "$covered" some -o pages --json; cmake -D FILE=out -P "$here/json.cmake" || fail 'no JSON'
  run 0 coverage "$covered" some -o pages; says '^seh.c  *10/11 '; says '^never entered: Unused$'
  mkdir kept; echo precious > kept/file
  run 2 coverage "$covered" some -o kept; complains 'holds something else'
  run 2 coverage "$covered" nowhere; complains 'no such directory'
  run 2 coverage "$covered"; complains 'run wdmfuzz fuzz'
}
case_engine() {
  run 0 fuzz eventlike --jobs 1 --seed 1 --out o -- -runs=50
  run 0 build eventlike -o target
  ./target -runs=20 -seed=1 > out 2> err || fail 'the executable is no fuzz target'
  grep -q 'Done 20 runs' err || fail 'did not run'
}

run_case
