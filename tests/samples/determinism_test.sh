#!/bin/bash
# The same inputs in two processes and two orders give the same traces.
#   determinism_test.sh CLI NAME
set -euo pipefail
cli=$1 name=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cli" build "$name" -D FIXED -o "$work/driver" 2> /dev/null
"$work/driver" trace-hashes 1 10000 > "$work/forward"
"$work/driver" trace-hashes 10000 1 | tac > "$work/backward"
[[ $(wc -l < "$work/forward") == 10000 ]] || { echo "not 10000 inputs"; exit 1; }
[[ $(cut -d' ' -f2 "$work/forward" | sort -u | wc -l) -gt 1000 ]] || { echo "the traces hardly differ: nothing was tested"; exit 1; }
diff "$work/forward" "$work/backward" | head -5 | grep . && { echo "traces differ between two processes"; exit 1; }
exit 0
