#!/bin/bash
# Builds a few targets as OSS-Fuzz builds them and starts them as OSS-Fuzz starts them (with Debian's clang and libstdc++
# instead of its own clang and libc++).
#   oss_fuzz_test.sh BUILD_DIRECTORY address|undefined|coverage [LIST]
set -euo pipefail
build=$1 sanitizer=$2
here=$(cd "$(dirname "$0")" && pwd)
list=${3:-$here/$sanitizer.txt}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAIL: $*"
  [[ ! -f $work/log ]] || tail -n 40 "$work/log"
  exit 1
}

# ---- the build

export SANITIZER=$sanitizer FUZZING_ENGINE=libfuzzer LIB_FUZZING_ENGINE=-fsanitize=fuzzer CC=clang-14 CXX=clang++-14
export SRC=$work/src WORK=$work/work OUT=$work/out WDMFUZZ_BUILD=$build WDMFUZZ_ROOT=$(cd "$here/../.." && pwd)
checks=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute
checks+=,shift,signed-integer-overflow,unreachable,vla-bound,vptr
CFLAGS='-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION'
case $sanitizer in
  address) CFLAGS+=' -fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link' ;;
  undefined) CFLAGS+=" -fsanitize=$checks,unsigned-integer-overflow -fno-sanitize-recover=$checks -fsanitize=fuzzer-no-link" ;;
  coverage) CFLAGS+=' -fprofile-instr-generate -fcoverage-mapping -pthread -Wl,--no-as-needed -Wl,-ldl -Wl,-lm' ;;
  *) fail "no such sanitizer" ;;
esac
export CFLAGS CXXFLAGS=$CFLAGS
mkdir -p "$SRC" "$WORK" "$OUT"
bash -eu "$WDMFUZZ_ROOT/fuzz/oss-fuzz/build.sh" "$list" > "$work/log" 2>&1 || fail "build.sh"
targets=$(sed -n 's/^\([A-Za-z0-9_-]\+\) .*/\1/p' "$list")

# Whether the driver itself is instrumented: the run-time libraries look the same in any case.
driver_has() {
  local object=$1 pattern=$2
  grep -Eq "$pattern" <<< "$(nm "$object")$(objdump -hw "$object")" || fail "$object: nothing like $pattern"
}
for target in $targets; do
  object=$(ls "$build"/drivers/*-oss-fuzz-libfuzzer-"$sanitizer"/driver.o | grep -E "/$target-[0-9a-f]+-oss") || fail "$target: no object"
  case $sanitizer in
    address) driver_has "$object" 'U __asan_report_load8'; driver_has "$object" 'U __sanitizer_cov_8bit_counters_init' ;;
    undefined) driver_has "$object" 'U __ubsan_handle_'; driver_has "$object" 'U __sanitizer_cov_8bit_counters_init' ;;
    coverage) driver_has "$object" ' __llvm_covmap '; driver_has "$object" ' __llvm_covfun ' ;;
  esac
  if [[ $sanitizer != address ]]; then
    objdump -dC "$OUT/$target" > "$work/code"
    ! grep -Em 1 'callq? +[0-9a-f]+ <__asan' "$work/code" || fail "$target: calls of AddressSanitizer in a build without it"
  fi
done

# ---- what lies in OUT

for file in "$OUT"/*; do
  [[ ! -x $file || -z $(grep -l LLVMFuzzerTestOneInput "$file") || " ${targets//$'\n'/ } " == *" $(basename "$file") "* ]] ||
    fail "$file would be taken for a target"
done
for target in $targets; do
  [[ -x $OUT/$target && -n $(grep -l LLVMFuzzerTestOneInput "$OUT/$target") ]] || fail "$target is not seen as a target"
  readelf -d "$OUT/$target" > "$work/dynamic"
  ! grep -E 'R(UN)?PATH|NEEDED.*/' "$work/dynamic" || fail "$target runs here only"
  grep -q '^detect_stack_use_after_return = 0' "$OUT/$target.options" || fail "$target.options"
  grep -q '="\\x' "$OUT/$target.dict" || fail "$target.dict is empty"
  mkdir -p "$work/seeds/$target"
  unzip -q "$OUT/${target}_seed_corpus.zip" -d "$work/seeds/$target" || fail "$target: no seeds"
done

# ---- starting them: somewhere else, without OUT, from another directory, nothing written beside them

moved=$work/elsewhere/folder
mkdir -p "$(dirname "$moved")" "$work/tmp"
mv "$OUT" "$moved"
chmod -R a-w "$moved"
before=$(ls -lR --time-style=full-iso "$moved")
unset OUT SRC WORK
export UBSAN_OPTIONS=print_stacktrace=1:print_summary=1:silence_unsigned_overflow=1:symbolize=1:dedup_token_length=3
asan=alloc_dealloc_mismatch=0:allocator_may_return_null=1:allocator_release_to_os_interval_ms=500:check_malloc_usable_size=0
asan+=:detect_container_overflow=1:detect_odr_violation=0:detect_leaks=1:detect_stack_use_after_return=1:fast_unwind_on_fatal=0
asan+=:handle_abort=1:handle_segv=1:handle_sigill=1:max_uar_stack_size_log=16:print_scariness=1:quarantine_size_mb=10
export ASAN_OPTIONS=$asan:strict_memcmp=1:symbolize=1:use_sigaltstack=1:dedup_token_length=3
cd /

# start TARGET ARGUMENTS...: output in $work/log; the exit code is the target's.
start() {
  local target=$1
  shift
  "$moved/$target" -- -rss_limit_mb=2560 -timeout=25 -artifact_prefix="$work/tmp/" "$@" < /dev/null > "$work/log" 2>&1
}
# Our report without what differs between two processes: addresses.
report() { sed -nE 's/0x[0-9a-f]{6,}/ADDRESS/g; /^(\[wdm:|  DRIVER BUG)/,/^SUMMARY: wdmfuzz/p' "$work/log"; }

bucket_of() { sed -n "s/^$1  *//p" "$here/buckets.txt"; }

: > "$work/empty"
printf '\1' > "$work/one"
for target in $targets; do
  start "$target" "$work/empty" "$work/one" || fail "$target breaks on nothing"
  if [[ $sanitizer != coverage && -z $(bucket_of "$target") ]]; then  # two random inputs break the others
    start "$target" -seed=1337 -runs=4 -dict="$moved/$target.dict" || fail "$target does not start"
    grep -q 'Done 4 runs' "$work/log" || fail "$target does not run four inputs"
    grep -q 'Dictionary: [1-9]' "$work/log" || fail "$target.dict is not read"
  fi
done

# ---- cases: same report alone and as the hundredth input of a process, an artefact, one bucket

check_case() {
  local target=$1 case=$2 bucket=$3 got offset inputs=() i
  ! start "$target" "$case" || fail "$target: $case is no finding"
  report > "$work/alone"
  [[ -s $work/alone ]] || fail "$target: no report"
  got=$(awk -f "$here/bucket.awk" "$work/log")
  [[ $got == "$bucket" ]] || fail "$target: bucket $got, expected $bucket"
  for ((i = 0; i < 99; ++i)); do inputs+=("$work/empty"); done
  inputs[50]=$work/one
  ! start "$target" "${inputs[@]}" "$case" || fail "$target: $case is no finding after others"
  report | diff "$work/alone" - || fail "$target: another report as the hundredth input"

  # As a corpus, which is when libFuzzer keeps its input.
  ! start "$target" -runs=1 "$work/seeds/$target" || fail "$target: a seed corpus without its finding"
  grep -q "Test unit written to $work/tmp/crash-" "$work/log" || fail "$target: no artefact"

  # A farm symbolizes by itself, from the module and the offset that each frame names.
  ! ASAN_OPTIONS=$ASAN_OPTIONS:symbolize=0 UBSAN_OPTIONS=$UBSAN_OPTIONS:symbolize=0 start "$target" "$case" || fail "$target: symbolize=0"
  offset=$(sed -n "s|^ *#0 0x[0-9a-f]* *(\($moved/$target\)+\(0x[0-9a-f]*\)).*|\2|p" "$work/log" | head -n 1)
  [[ $offset ]] || fail "$target: a frame without module and offset"
  got=$(llvm-symbolizer-14 --obj="$moved/$target" "$offset" | head -n 1)
  [[ "|$bucket|" == *"|$got|"* ]] || fail "$target: the first frame is $got, expected one of $bucket"
}

for target in $targets; do
  bucket=$(bucket_of "$target")
  for case in "$work/seeds/$target"/*; do
    if [[ $bucket ]]; then
      check_case "$target" "$case" "$bucket"
    else
      start "$target" -runs=100 "$case" || fail "$target: $case is not clean"
    fi
  done
done

# ---- coverage: the driver's lines and nobody else's, those of a run that ended in a finding, too

check_coverage() {
  local target=$1 source=$2 line=$3
  mkdir "$work/nothing"
  LLVM_PROFILE_FILE="$work/$target.%1m.profraw" start "$target" -merge=1 -timeout=100 "$work/nothing" "$work/seeds/$target" || fail "merge"
  llvm-profdata-14 merge -sparse "$work/$target".*.profraw -o "$work/profile"
  llvm-cov-14 report "$moved/$target" -instr-profile="$work/profile" > "$work/log"
  (($(grep -c '\.\(c\|cc\|h\|cpp\) ' "$work/log") == 1)) || fail "coverage of more than the driver"
  grep -q "$source " "$work/log" || fail "no coverage of $source"
  llvm-cov-14 show "$moved/$target" -instr-profile="$work/profile" > "$work/log"
  grep -Eq "^ +$line\| +[1-9]" "$work/log" || fail "$source:$line, where the finding is, counts as not run"
}
[[ $sanitizer != coverage ]] || check_coverage mailbox mailbox.c 54

[[ $(ls -lR --time-style=full-iso "$moved") == "$before" ]] || fail "something was written beside the targets"
chmod -R u+w "$moved"
