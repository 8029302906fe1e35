#!/bin/bash
# The table and the kernel say the same: each line of ddis.def is defined by the kernel's objects, and what they define has a line.
#   ddi_table_test.sh LIBRARY EMULATED
set -euo pipefail
library=$1 emulated=$2
root=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sed 's/.*=//' "$emulated" | sort -u > "$work/lines"
# Entry points for the harness, the run-time of structured exceptions and what wdmcc calls in pageable code are nobody's DDI.
{
  grep -oE '\bnt_[a-z_]+\(' "$root/emu/machine/hypercall.h" | tr -d '('
  nm --defined-only -g -P "$library" 2> /dev/null | awk '$1 ~ /^wdm_(seh_|setjmp|longjmp|pageable_code$)/ { print $1 }'
} | sort -u > "$work/others"
nm --defined-only -g -P "$library" 2> /dev/null | awk 'NF >= 2 && $2 ~ /^[TDBRVW]$/ && $1 !~ /^(_Z|__|DW\.ref)/ { print $1 }' | sort -u \
  | comm -23 - "$work/others" > "$work/defined"

status=0
if missing=$(comm -23 "$work/lines" "$work/defined") && [[ $missing ]]; then
  echo "in ddis.def, but not defined by the kernel:"; echo "$missing"; status=1
fi
if unlisted=$(comm -13 "$work/lines" "$work/defined") && [[ $unlisted ]]; then
  echo "defined by the kernel, but without a line in ddis.def:"; echo "$unlisted"; status=1
fi
[[ $(wc -l < "$work/lines") -gt 300 ]] || { echo "the table is nearly empty"; status=1; }
exit $status
