#!/bin/bash
# Installs wdmfuzz for the other tests of this folder, and checks that nothing there names the repository or its build.
#   install_test.sh SOURCE_DIR BUILD_DIR PREFIX
set -euo pipefail
source=$1 build=$2 prefix=$3

fail() { echo "FAIL: $*"; exit 1; }

rm -rf "$prefix" "$prefix.moved"
cmake --install "$build" --prefix "$prefix.moved" > "$build/install.log" || { tail "$build/install.log"; fail "cmake --install"; }
mv "$prefix.moved" "$prefix"  # whatever remembers where it was installed, breaks

for file in bin/wdmfuzz lib/wdmfuzz/driver-link.txt lib/cmake/wdmfuzz/wdmfuzz-config.cmake share/wdmfuzz/emu/sdk/wdmcc; do
  [[ -s $prefix/$file ]] || fail "$file is not installed"
done
for path in "$source" "$build" "$prefix"; do
  grep -rIl -- "$path" "$prefix" && fail "these files name $path"
done
exit 0
