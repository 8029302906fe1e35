#!/bin/bash
# A case ends as its expect line says, and its traces are the same in every run and process.
#   corpus_test.sh CLI DRIVER FILE
set -euo pipefail
first=$("$1" replay "$2" "$3" --expect --repeat 3)
second=$("$1" replay "$2" "$3" --expect --repeat 3)
[[ $first == *'(trace '* ]] || { echo "no hash of the traces: $first"; exit 1; }
[[ $first == "$second" ]] || { echo "two processes differ: $first"; echo "$second"; exit 1; }
