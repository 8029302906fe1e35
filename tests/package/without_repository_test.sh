#!/bin/bash
# An installed, moved wdmfuzz works where neither the repository nor its build directory exists: both are hidden here.
#   without_repository_test.sh SOURCE_DIR BUILD_DIR PREFIX
set -euo pipefail
source=$1 build=$2 prefix=$3
here=$(cd "$(dirname "$0")" && pwd)

unshare --mount --map-root-user mount -t tmpfs none "$source" 2> /dev/null \
  || { echo "skipped: no mount namespaces here"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[[ $work != "$source"/* && $work != "$build"/* ]] || { echo "skipped: TMPDIR lies in the repository"; exit 77; }
cp -a "$prefix" "$work/prefix"
cp -a "$here" "$work/tests"

unshare --mount --map-root-user bash -c '
  set -euo pipefail
  mount -t tmpfs none "$1"
  [[ ! -e $2 ]] || mount -t tmpfs none "$2"
  [[ ! -e $1/README.md && ! -e $2/build.ninja ]] || { echo "FAIL: the repository is still there"; exit 1; }
  cd "$3"
  for name in example command_line; do tests/package_test.sh "$3/prefix" "$name"; done
' bash "$source" "$build" "$work"
