#!/bin/bash
# Runs a case of package_test.sh where neither the repository nor its build directory exists: both are hidden from it.
# Where no mount namespace can be had it runs the case all the same, in sight of them; the case `namespace` only says
# which of the two it is (77: in sight).
#   without_repository.sh SOURCE_DIR BUILD_DIR PREFIX CASE
set -euo pipefail
source=$1 build=$2 prefix=$3 name=$4
here=$(cd "$(dirname "$0")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ $work == "$source"/* || $work == "$build"/* ]]; then
  hidden='' why="TMPDIR lies in the repository"
else
  unshare --mount --map-root-user mount -t tmpfs none "$source" 2> /dev/null && hidden=1 || hidden='' why="no mount namespaces here"
fi
if [[ $name == namespace ]]; then
  [[ $hidden ]] || { echo "skipped: $why; package tests run in sight of the repository"; exit 77; }
  exit 0
fi
if [[ ! $hidden ]]; then
  "$here/package_test.sh" "$prefix" "$name"
  exit
fi

cp -a "$prefix" "$work/prefix"
cp -a "$here" "$work/tests"
unshare --mount --map-root-user bash -c '
  mount -t tmpfs none "$1" || exit
  [[ ! -e $2 ]] || mount -t tmpfs none "$2" || exit
  [[ ! -e $1/README.md && ! -e $2/build.ninja ]] || { echo "FAIL: the repository is still there"; exit 1; }
  cd "$3" && exec tests/package_test.sh "$3/prefix" "$4"
' bash "$source" "$build" "$work" "$name"
