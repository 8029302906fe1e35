#!/bin/bash
# A project outside the repository with an installed wdmfuzz: package_test.sh PREFIX CASE. Every case is a function below;
# it works in a directory of its own, on a copy of the example project.
set -u
prefix=$1
name=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cp -r "$here/example" "$work/example"
cd "$work/example" || exit 1
export HOME=$work/home
unset XDG_CACHE_HOME WDMFUZZ_ROOT WDMFUZZ_BUILD CMAKE_PREFIX_PATH
export CMAKE_GENERATOR=Ninja

fail() {
  echo "FAIL: $*"
  echo "--- out"; head -c 6000 "$work/out"
  exit 1
}
# expect CODE COMMAND...: runs it and expects that exit code; `fails` expects any but 0.
expect() {
  local expected=$1 got
  shift
  "$@" > "$work/out" 2>&1 < /dev/null
  got=$?
  ((got == expected)) || fail "$*: exit $got, expected $expected"
}
fails() {
  if "$@" > "$work/out" 2>&1 < /dev/null; then fail "$*: succeeds"; fi
}
says() { grep -q -- "$1" "$work/out" || fail "says nothing like '$1'"; }
configure() { expect 0 cmake -S . -B build "-DCMAKE_PREFIX_PATH=$prefix" "$@"; }
build() { expect 0 cmake --build build "$@"; }
tests() { expect 0 ctest --test-dir build --output-on-failure "$@"; }

# Read-only, and with a blank in its name.
case_example() {
  cp -a "$prefix" "$work/a prefix"
  prefix="$work/a prefix"
  chmod -R a-w "$prefix"
  (cd "$prefix" && find . | sort > "$work/before")
  configure; says 'Configuring done'
  build; says 'building driver lamp'; says 'building driver counter'
  [[ -x build/wdmfuzz/lamp/lamp ]] || fail 'no executable'
  tests; says 'tests passed, 0 tests failed out of 5'
  local test
  for test in counter.three counter.check counter.fuzz lamp.spinlock-1 lamp.check; do says " $test "; done
  build; ! grep -q 'building driver' "$work/out" || fail 'builds again what has not changed'
  (cd "$prefix" && find . | sort | diff "$work/before" -) > "$work/out" || fail 'the installed tree was written to'
  [[ ! -e $HOME ]] || fail 'something was written outside the binary directory'
}

# A case that no longer ends as it says is a failing test with a report; what is new becomes a test.
case_cases() {
  configure
  sed -i 's/^expect .*/expect clean/' corpus/lamp/spinlock-1.scn
  fails ctest --test-dir build --output-on-failure -R '^lamp.spinlock-1$'
  says 'expected clean, found SpinLock lamp.c:17 in LampSwitch'; says 'ERROR: Check failed: FuzzerHash=SpinLock'
  mkdir corpus/lamp/more
  grep -v '^expect' corpus/lamp/spinlock-1.scn > corpus/lamp/more/says_nothing.scn
  sed 's/write h1/write h1 in=01/' corpus/lamp/more/says_nothing.scn > corpus/lamp/more/runs_clean.scn
  build --target lamp
  fails ctest --test-dir build --output-on-failure -R '^lamp.says_nothing$'
  says 'expected clean, found SpinLock'
  tests -R '^lamp.runs_clean$'; says 'tests passed, 0 tests failed out of 1'
}

# Sources, headers elsewhere and settings: what changes is built again, and only that. What is broken says so once.
case_changes() {
  configure; build
  echo '/* */' >> include/counter.h
  build; says 'building driver counter'; ! grep -q 'building driver lamp' "$work/out" || fail 'builds lamp too'
  cp lamp/entry.c "$work/entry.c"
  echo 'int x = NoSuchName;' >> lamp/entry.c
  fails cmake --build build --target lamp
  says '^wdmfuzz: lamp: does not compile:'; says 'entry.c:[0-9]*:9: error: .*NoSuchName'
  (($(grep -c '^wdmfuzz: lamp' "$work/out") == 1)) || fail 'more than one message'
  fails ctest --test-dir build -R '^lamp.check$'
  cp "$work/entry.c" lamp/entry.c
  sed -i 's/LAMP_TAG=7/LAMP_TAG=8/' CMakeLists.txt
  build; says 'building driver lamp'
  tests -R '^lamp'
}

case_wrong_arguments() {
  local line message
  while IFS='|' read -r line message; do
    printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(p LANGUAGES NONE)' 'find_package(wdmfuzz REQUIRED)' \
      'enable_testing()' "$line" > CMakeLists.txt
    rm -rf build
    fails cmake -S . -B build "-DCMAKE_PREFIX_PATH=$prefix"
    tr -s ' \n' ' ' < "$work/out" > "$work/one" && mv "$work/one" "$work/out"
    says "$message"
  done <<'END'
wdmfuzz_add_driver(x)|wdmfuzz_add_driver(x): give either DIRECTORY or SOURCES
wdmfuzz_add_driver(x DIRECTORY lamp SOURCES lamp/lamp.c)|give either DIRECTORY or SOURCES
wdmfuzz_add_driver(x DIRECTORY nowhere)|directory /.*/nowhere does not exist
wdmfuzz_add_driver(x SOURCES lamp/none.c)|source /.*/none.c does not exist
wdmfuzz_add_driver(x DIRECTORY lamp INCLUDES none)|include directory /.*/none does not exist
wdmfuzz_add_driver(x DIRECTORY lamp FUZZ_SECONDS long)|FUZZ_SECONDS is a number of seconds, not long
wdmfuzz_add_driver(x y DIRECTORY lamp)|unknown argument y
wdmfuzz_add_driver("x y" DIRECTORY lamp)|letters, digits
END
}

# The project of README.md, with a driver and a case where it says they are.
case_readme() {
  mkdir -p "$work/mydriver/corpus"
  cp -r counter "$work/mydriver/driver"
  cp include/counter.h "$work/mydriver/driver"
  cp corpus/counter/three.scn "$work/mydriver/corpus"
  cd "$work/mydriver" || exit 1
  awk '/^```cmake/ { inside = 1; next } /^```/ { inside = 0 } inside' "$prefix/share/doc/wdmfuzz/README.md" > CMakeLists.txt
  grep -q wdmfuzz_add_driver CMakeLists.txt || fail 'README.md has no such project'
  configure; build; says 'building driver mydriver'
  tests -R '^mydriver' -E 'fuzz$'; says ' mydriver.three '; says ' mydriver.check '
  expect 0 ctest --test-dir build -N; says ' mydriver.fuzz$'
}

case_missing_package() {
  mkdir "$work/part"
  (cd "$prefix" && cp -a --parents bin lib/cmake lib/wdmfuzz/driver-*.txt "$work/part")
  echo /usr/lib/no-such-library.a >> "$work/part/lib/wdmfuzz/driver-link.txt"
  fails cmake -S . -B build "-DCMAKE_PREFIX_PATH=$work/part"
  says 'missing: /usr/lib/no-such-library.a; install the Debian packages'
}

# Find a bug, keep it as a case, see the test appear.
case_promote() {
  "$prefix/bin/wdmfuzz" --help | grep -q '^ *promote ' || { echo 'skipped: this wdmfuzz has no verb promote'; exit 77; }
  rm corpus/lamp/*
  configure '-DWDMFUZZ_FUZZ_OPTIONS=--time;60;--jobs;1;--seed;1'; says 'no cases of lamp in .* yet'
  fails cmake --build build --target promote-lamp; says 'no findings to promote'
  fails cmake --build build --target fuzz-lamp; says 'SUMMARY: wdmfuzz: SpinLock lamp.c:17 in LampSwitch'
  says "reproduce: $prefix/bin/wdmfuzz replay "
  build --target promote-lamp
  grep -rq '^expect SpinLock lamp.c:17 in LampSwitch' corpus/lamp || fail 'no case was made'
  build
  tests -R '^lamp.spinlock'; says 'tests passed, 0 tests failed out of 1'
}

# The program by itself: drivers are built in the user's cache or where it is told.
case_command_line() {
  local wdmfuzz=$prefix/bin/wdmfuzz
  expect 0 "$wdmfuzz" drivers; says mailbox
  expect 0 "$wdmfuzz" check lamp -D LAMP_TAG=1 --build-dir "$work/here"; says 'load and unload: clean'
  [[ -d $work/here/drivers && ! -e $HOME ]] || fail '--build-dir is not where the driver is built'
  expect 2 env WDMFUZZ_BUILD="$work/there" "$wdmfuzz" check lamp; says 'LAMP_TAG comes from the build'
  [[ -d $work/there/drivers && ! -e $HOME ]] || fail 'WDMFUZZ_BUILD is not where the driver is built'
  expect 2 env XDG_CACHE_HOME="$work/cache" "$wdmfuzz" check lamp; says 'LAMP_TAG comes from the build'
  [[ -d $work/cache/wdmfuzz/drivers && ! -e $HOME ]] || fail 'XDG_CACHE_HOME is not where the driver is built'
  expect 0 "$wdmfuzz" demo; says 'SUMMARY: wdmfuzz: SpinLock mailbox.c:54 in MailboxCancel'
  says "reproduce: $wdmfuzz replay mailbox"
  [[ -d $HOME/.cache/wdmfuzz/drivers ]] || fail '~/.cache is not where the driver is built'
  : > "$work/file"
  expect 2 "$wdmfuzz" check lamp --build-dir "$work/file"; says 'name a writable directory with --build-dir'
  expect 2 env -u HOME "$wdmfuzz" check lamp; says 'set HOME, or name a directory with --build-dir'
  cp "$wdmfuzz" "$work/alone"
  expect 2 "$work/alone" check lamp; says 'install wdmfuzz again'
}

: > "$work/out"
if ! declare -F "case_$name" > /dev/null; then
  echo "no case $name"
  exit 1
fi
"case_$name"
