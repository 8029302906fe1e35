#!/bin/bash -eu
bash -eu "$SRC/wdm/fuzz/oss-fuzz/build.sh"
