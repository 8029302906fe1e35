#!/bin/bash
# A campaign with AFL++: afl_test.sh WDMFUZZ_CLI. The same results in the same places as with libFuzzer.
set -u
cli=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
  echo "FAIL: $*"
  tail -n 30 out err o/log/worker-*.log clean/log/worker-*.log 2> /dev/null
  exit 1
}

PATH=/nowhere "$cli" fuzz mailbox --engine afl --time 5 --out o > out 2> err
(($? == 2)) || fail "without AFL++: no usage error"

"$cli" fuzz mailbox --engine afl --time 120 --jobs 2 --seed 1 --out o > out 2> err
(($? == 1)) || fail "exit code of a campaign that has to find something"
grep -q '^SUMMARY: wdmfuzz: SpinLock mailbox.c:54 in MailboxCancel' out || fail "no report"
grep -Eq 'executions +[1-9]' out err || fail "no executions were counted"
grep -Eq 'driver coverage +[1-9]' out err || fail "no coverage was counted"
[[ -s o/findings/spinlock-1.scn && -s o/findings/spinlock-1.txt && -s o/findings/spinlock-1.input ]] || fail "no finding was written"
(($(grep -c ': T' o/findings/spinlock-1.scn) == 3)) || fail "not minimal"
"$cli" replay --expect mailbox o/findings/spinlock-1.scn > out 2> err || fail "the finding does not replay"
(($(find o/corpus -type f | wc -l) > 1)) || fail "no inputs were kept"
for file in o/corpus/*; do
  [[ $(basename "$file") == seed-* || $(sha1sum < "$file") == "$(basename "$file")  -" ]] || fail "$file is not named by its content"
done

# What AFL++ has found is what libFuzzer goes on with.
"$cli" fuzz csqqueue --engine afl --jobs 2 --seed 1 --out clean -- -E 500 > out 2> err || fail "a clean driver"
[[ -s clean/afl/worker-1/fuzzer_stats ]] || fail "no secondary ran"
before=$(find clean/corpus -type f | wc -l)
((before > 1)) || fail "no inputs of the clean driver were kept"
"$cli" fuzz csqqueue --jobs 1 --seed 1 --out clean -- -runs=200 > out 2> err || fail "a campaign that goes on with another engine"
(($(find clean/corpus -type f | wc -l) >= before)) || fail "inputs were lost"
