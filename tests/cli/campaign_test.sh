#!/bin/bash
# Campaigns that are killed and resumed, triage, promote, repeated replays: campaign_test.sh WDMFUZZ_CLI CASE, see cases.sh.
source "$(dirname "$0")/cases.sh"

bugs=$drivers/three_bugs

# case FILE OPERATION [EXPECT]: a scenario of three_bugs that opens the device and does one thing.
scenario() {
  printf 'wdmfuzz 1\ndriver three_bugs\ncpus 1\n1: T1 open h1\n2: T1 %s h1\n3: T1 close h1\nschedule directed\n' "$2" > "$1"
  [[ -z ${3:-} ]] || echo "expect $3" >> "$1"
}
spin_lock='SpinLock driver.c:25 in Read'
irql_return='IrqlReturn driver.c:35 in Write'
never_completed='IrpNeverCompleted driver.c:42 in Control'

# raw FILE DIRECTORY: the scenario as libFuzzer would leave it.
raw() {
  run 0 assemble "$1" --driver "$bugs" -o raw.bin
  mv raw.bin "$2/crash-$(sha1sum raw.bin | cut -d' ' -f1)"
}
# Every file that is named by its hash has that hash.
all_whole() {
  local file
  for file in o/corpus/* o/findings/caught-*; do
    [[ -e $file && $(basename "$file") =~ ([0-9a-f]{40})$ ]] || continue
    [[ $(sha1sum < "$file") == "${BASH_REMATCH[1]} "* ]] || fail "$file is not whole"
  done
}
# Is there a process of a campaign that was started here?
workers_left() {
  local process
  for process in /proc/[0-9]*; do
    [[ $(readlink "$process/exe") == */driver-fuzz && $(readlink "$process/cwd") == "$PWD" ]] && return 0
  done 2> /dev/null
  return 1
}
json_lines() {
  local line
  while read -r line; do
    echo "$line" > line.json
    cmake -D FILE=line.json -P "$here/json.cmake" || fail "no JSON: $line"
  done < out
}

case_kill_and_resume() {
  local round pid now
  run 0 build "$bugs"
  for round in 1 2 3 4 5 6 7 8 9 10; do
    "$cli" fuzz "$bugs" --keep-going --jobs 2 --seed "$round" --time 60 --out o > out 2> err < /dev/null &
    pid=$!
    # The tenths differ, so that start, search, minimising and writing are all hit.
    sleep "$((round % 3)).$round"
    kill -9 $pid || fail "round $round: the campaign ended by itself"
    wait $pid 2> /dev/null
    for ((now = 0; now < 30; ++now)); do
      workers_left || break
      sleep 0.1
    done
    ! workers_left || fail "round $round: workers outlive their campaign"
    # What was there at the last kill is still there, under the same name or with its finding.
    if ((round > 1)); then
      for now in $(cat names); do [[ -e $now ]] || fail "round $round: $now is lost"; done
    fi
    ls -d o/corpus/* o/findings/*.scn 2> /dev/null | grep -v '\.tmp[0-9]*$' > names
    [[ ! -s names ]] || ! grep -q 'scn$' names || run 0 replay --expect "$bugs" o/findings/*.scn
  done
  for _ in 1 2 3 4 5 6 7 8; do
    run 1 fuzz "$bugs" --keep-going --jobs 2 --time 5 --out o
    (($(ls o/findings/*.scn | wc -l) < 3)) || break
  done
  for now in $(cat names); do [[ -e $now ]] || fail "$now is lost"; done
  all_whole
  cat o/findings/*.scn | grep '^expect' | sort > found
  printf 'expect %s\n' "$never_completed" "$irql_return" "$spin_lock" > wanted
  cmp -s found wanted || fail "findings: $(cat found)"
  [[ -z $(ls o/findings | grep -E 'caught-|crash-|\.tmp') ]] || fail 'unfinished findings are left'
  for now in o/findings/*.scn; do [[ -s ${now%.scn}.txt && -s ${now%.scn}.input ]] || fail "$now has no report or no input"; done
}
# Killed between the catch and the minimised scenario; a half-written input; a half-written scenario.
case_resume_unfinished() {
  mkdir -p o/findings o/corpus o/work/7
  scenario one.scn read; raw one.scn o/findings
  scenario two.scn write; raw two.scn .
  head -c 20 crash-* > "o/findings/$(ls -d crash-*)"
  echo 'wdmfuzz 1' > o/findings/spinlock-1.scn.tmp17
  echo half > o/corpus/0123456789012345678901234567890123456789
  printf whole > o/work/7/"$(printf whole | sha1sum | cut -d' ' -f1)"
  printf cut > o/work/7/"$(printf whole2 | sha1sum | cut -d' ' -f1)"
  run 1 fuzz "$bugs" --jobs 1 --time 60 --out o --json
  json_lines
  [[ $(sed 's/^{"event":"\([a-z]*\)".*/\1/' out | xargs) == 'start finding end' ]] || fail 'events'
  [[ ! -s err ]] || fail 'says something on stderr'
  says "\"summary\":\"$spin_lock\""
  [[ $(ls o/findings | xargs) == 'spinlock-1.input spinlock-1.scn spinlock-1.txt' ]] || fail "findings: $(ls o/findings)"
  [[ $(ls o/corpus) == "$(printf whole | sha1sum | cut -d' ' -f1)" ]] || fail "corpus: $(ls o/corpus)"
  cmake -D FILE=o/summary.json -P "$here/json.cmake" || fail 'summary.json is no JSON'
}
# What lies behind a finding is looked for from there.
case_goes_on_from_a_finding() {
  local hash
  mkdir -p o/findings
  scenario one.scn read; raw one.scn o/findings
  hash=$(ls o/findings | cut -d- -f2)
  run 1 fuzz "$bugs" --jobs 1 --time 2 --keep-going --out o
  [[ -e o/corpus/$hash ]] || fail "corpus: $(ls o/corpus)"
  all_whole
}
# A null pointer that the driver hands to the kernel faults there. Known, it ends the run and not the worker.
case_goes_on_past_a_fault_in_the_kernel() {
  bugs=$drivers/faults_in_kernel
  mkdir -p o/findings
  scenario one.scn read; raw one.scn o/findings
  run 1 fuzz "$bugs" --jobs 1 --time 3 --keep-going --out o
  says 'NullCheck driver.c:19 in Read'
  [[ $(ls o/findings | xargs) == 'nullcheck-1.input nullcheck-1.scn nullcheck-1.txt' ]] || fail "findings: $(ls o/findings)"
  ! grep -q 'ERROR: AddressSanitizer' o/log/worker-0.log || fail 'the worker met what is known, and died'
}
case_one_campaign_per_directory() {
  "$cli" fuzz eventlike --jobs 1 --time 60 --out o > /dev/null 2>&1 &
  local pid=$!
  until [[ -e o/lock && -n $(ls o/corpus) ]]; do sleep 0.1; kill -0 $pid || fail 'the first one ended'; done
  run 2 fuzz eventlike --jobs 1 --time 1 --out o; complains 'another campaign'
  kill -INT $pid; wait $pid; (($? == 0)) || fail 'an interrupted campaign is clean'
  cmake -D FILE=o/summary.json -P "$here/json.cmake" || fail 'summary.json is no JSON'
}
case_several_drivers() {
  run 2 fuzz mailbox no-such-driver --time 1; complains 'no such directory'
  run 2 fuzz mailbox mailbox --time 1; complains 'is called mailbox, too'
  run 1 fuzz packetio "$drivers/does_not_compile" mailbox --time 60 --jobs 2 --seed 7 --out o -- -runs=20000
  grep -q '^packetio  *clean ' out || fail 'no line of the first'
  grep -q 'does_not_compile  *does not build ' out || fail 'no line of the one that does not build'
  grep -q '^mailbox  *DRIVER BUG  *1 ' out || fail 'no line of the last'
  [[ -d o/packetio/corpus && -s o/mailbox/findings/spinlock-1.scn ]] || fail 'no directory for each'
}

case_triage() {
  mkdir -p dir/sub dir/corpus
  local op
  for op in read write 'ioctl'; do
    scenario "dir/$op.scn" "$op"
    [[ $op != ioctl ]] || sed -i 's/ioctl h1/ioctl h1 0x222000/' dir/ioctl.scn
    raw "dir/$op.scn" dir/sub
  done
  sed '1,/open/s/cpus 1/cpus 2/' dir/read.scn > dir/larger.scn
  scenario dir/clean.scn flush "$spin_lock"
  scenario dir/corpus/fine.scn flush
  echo 'wdmfuzz 1 nonsense' > dir/broken.scn
  head -c 100 /dev/urandom > dir/report.txt
  touch -d '2020-02-03 04:05:06 UTC' dir/larger.scn
  cp -r dir before
  run 0 triage "$bugs" dir --junit j.xml --sarif s.sarif -o small
  diff -r dir before > /dev/null || fail 'the folder is changed'
  (($(grep -c '^DRIVER BUG' out) == 3)) || fail 'not three buckets'
  head -2 out | tail -1 | grep -q "^DRIVER BUG  *3  2020-02-03T04:05:06Z .*$spin_lock" || fail 'first bucket'
  says "3 buckets in 10 inputs, 1 does not reproduce, 1 of a corpus clean"
  says 'does not reproduce: dir/clean.scn'; says 'cannot be read: dir/broken.scn: line 1'
  [[ $(ls small | xargs) == 'irpnevercompleted-1.scn irqlreturn-1.scn spinlock-1.scn' ]] || fail "kept: $(ls small)"
  (($(cat small/*.scn | grep -c ': T') == 6)) || fail 'not minimal'
  run 0 replay --expect "$bugs" small/*.scn
  xmllint --noout j.xml || fail 'JUnit is no XML'
  [[ $(xmllint --xpath 'concat(count(//testcase/failure),//testsuite/@failures,//testcase[1]/@name)' j.xml) == "33$spin_lock" ]] \
    || fail 'JUnit'
  cmake -D FILE=s.sarif -P "$here/json.cmake" || fail 'SARIF is no JSON'
  (($(grep -c '"ruleIndex"' s.sarif) == 3)) || fail 'SARIF has not three results'
  grep -q '"startLine": 25' s.sarif || fail 'SARIF has no line'
  run 2 triage "$bugs" dir --junit j.xml; complains 'exists'
  run 0 triage "$bugs" small --json; cmake -D FILE=out -P "$here/json.cmake" || fail 'no JSON'
  mkdir empty; run 0 triage "$bugs" empty; says '0 buckets in 0 inputs'
  run 2 triage "$bugs" no-such; complains 'no such directory'
  run 2 triage "$bugs" j.xml; complains 'is a file'
}
case_promote() {
  scenario bug.scn read; sed -i 's/^3:/5: T2 open h2\n3:/' bug.scn
  run 0 promote "$bugs" bug.scn --corpus cases
  [[ $(ls cases) == spinlock-1.scn ]] || fail 'no case'
  (($(grep -c ': T' cases/spinlock-1.scn) == 2)) || fail 'not minimal'
  grep -qx "expect $spin_lock" cases/spinlock-1.scn || fail 'expects something else'
  run 0 replay --expect "$bugs" cases/spinlock-1.scn
  cp cases/spinlock-1.scn before
  raw bug.scn .
  run 0 promote "$bugs" crash-* --corpus cases; says 'is there already as cases/spinlock-1.scn'
  [[ $(ls cases) == spinlock-1.scn ]] && cmp -s before cases/spinlock-1.scn || fail 'something changed'
  run 2 promote "$bugs" bug.scn --clean --corpus cases; complains 'does not run clean'
  scenario fine.scn flush "$spin_lock"
  run 2 promote "$bugs" fine.scn --corpus cases; complains 'runs clean'
  run 0 promote "$bugs" fine.scn --clean --corpus cases
  grep -qx 'expect clean' cases/clean-1.scn || fail 'does not expect clean'
  run 0 promote "$bugs" fine.scn --clean --corpus cases; says 'is there already'
  run 0 replay --expect "$bugs" cases/*.scn
  # A case that is in the way stays; the next number is free.
  echo mine > cases/irqlreturn-1.txt
  scenario other.scn write
  run 0 promote "$bugs" other.scn --corpus cases
  [[ $(cat cases/irqlreturn-1.txt) == mine && -s cases/irqlreturn-2.scn ]] || fail 'overwrites'
  # Beside a driver of one's own; in the corpus for a sample, which has it.
  cp -r "$bugs" mine
  run 0 promote ./mine other.scn; [[ -s mine/corpus/irqlreturn-1.scn ]] || fail 'not beside the driver'
  run 0 promote mailbox "$here/../../corpus/mailbox/found/spinlock-1.scn"; says 'is there already as .*/corpus/mailbox/found/spinlock-1.scn'
}
case_repeat() {
  scenario bug.scn read "$spin_lock"; scenario fine.scn flush clean
  run 0 replay "$bugs" bug.scn fine.scn --expect --repeat 100
  says "bug.scn: 100 times the same: $spin_lock"; says 'fine.scn: 100 times the same: clean'
  run 1 replay "$bugs" bug.scn --repeat 2
  run 1 replay "$drivers/use_after_free" "$here/use_after_free.scn" --repeat 10
  says '10 times the same: heap-use-after-free driver.c:22 in Create'
  sed -i '/^expect/d' bug.scn
  run 1 replay "$bugs" bug.scn --expect; says 'expected clean, found SpinLock'
  # A driver that reads the real clock is not the same twice, and that is seen.
  run 5 replay "$drivers/not_deterministic" "$here/use_after_free.scn" --repeat 100; says 'EMU BUG: .* differs from the first'
}

case_faults() {
  run 0 fuzz "$drivers/unchecked" --time 3 --jobs 1 --seed 1 --out plain
  run 1 fuzz "$drivers/unchecked" --time 60 --jobs 1 --seed 1 --out faults --faults
  says 'SUMMARY: wdmfuzz: NullCheck driver.c:14 in Create'
  grep -q '^ *fail at op [0-9]* ExAllocatePoolWithTag 2$' faults/findings/*.scn || fail 'the case does not name the failure'
  run 1 replay "$drivers/unchecked" faults/findings/*.scn
}

case_each_fault() {
  printf 'wdmfuzz 1\n1: T1 open h1\n' > open.scn
  run 0 replay "$drivers/unchecked" open.scn
  run 1 replay "$drivers/unchecked" --each-fault open.scn
  says '^ *fail at op 1 ExAllocatePoolWithTag 2$'
  says 'T1 ExAllocatePoolWithTag: the allocation fails  driver.c:11'
  says 'reproduce: .*--each-fault open.scn'
  printf 'wdmfuzz 1\n' > load.scn
  run 0 replay "$drivers/unchecked" --each-fault load.scn
  says 'load.scn: clean with each of 1 faults'
  run 2 replay "$drivers/unchecked" --each-fault --repeat 2 load.scn
  complains 'each-fault'
}

run_case
