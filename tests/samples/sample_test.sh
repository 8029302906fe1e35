#!/bin/bash
# One sample driver: each stored finding is found again with its SUMMARY; the fixed twin (or the
# clean driver) is silent on those cases and on so many inputs of the fuzzer.
#   sample_test.sh CLI DIRECTORY INPUTS
set -euo pipefail
cli=$1 driver=$2 inputs=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
name=$(basename "$driver")
source=$driver/$name.c
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "sample $name: $*" >&2; exit 1; }

kind=$(sed -n 's/^ \* kind: *//p' "$source")
# A case that expects a clean run is a test of its own (corpus.*), and says nothing about the seeded bug.
mapfile -t found < <(grep -L '^expect clean$' "$root"/corpus/"$name"/found/*.scn 2> /dev/null)

if [[ $kind == seeded ]]; then
  [[ ${#found[@]} -gt 0 ]] || fail "is seeded, but corpus/$name/found has no case"
  rules=$(sed -n 's/^ \* rule: *//p' "$source")
  calls=$(sed -n 's/^ \* calls: *//p' "$source")
  preemptions=$(sed -n 's/^ \* preemptions: *//p' "$source")
  for case in "${found[@]}"; do
    "$cli" replay "$driver" "$case" --expect > "$work/report" 2>&1 || { cat "$work/report"; fail "$case is not found again"; }
    rule=$(sed -n 's/^expect \([A-Za-z0-9-]*\) .*/\1/p' "$case")
    [[ ", $rules," == *", $rule,"* ]] || fail "$case ends as $rule; the source names $rules"
  done
  # Minimised: the first case has what the source states as minimal.
  [[ $(grep -cE '^[0-9]+: ' "${found[0]}") == "$calls" ]] || fail "${found[0]} does not have $calls calls"
  [[ $(grep -cE '^  at ' "${found[0]}" || true) == "$preemptions" ]] || fail "${found[0]} does not have $preemptions preemptions"
fi

for case in "${found[@]}"; do
  "$cli" replay "$driver" -D FIXED "$case" > "$work/report" 2>&1 || { cat "$work/report"; fail "the fixed twin is not clean on $case"; }
done

"$cli" build "$driver" -D FIXED -o "$work/twin" 2> /dev/null
mkdir "$work/corpus"
(cd "$work" && ./twin -runs="$inputs" -seed=1 -len_control=0 -print_final_stats=0 corpus) > "$work/log" 2>&1 \
  || { tail -60 "$work/log"; fail "the fixed twin is not silent"; }
grep -q "Done $inputs runs" "$work/log" || { tail -5 "$work/log"; fail "the fuzzer did not run"; }
