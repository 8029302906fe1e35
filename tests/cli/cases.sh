# For scripts of cases: SCRIPT WDMFUZZ_CLI CASE. Every case is a function case_NAME; it fails at the first expectation that
# does not hold, and shows what the program printed. Each runs in an empty directory.
set -u
cli=$1
name=$2
here=$(cd "$(dirname "$0")" && pwd)
drivers=$here/drivers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
  echo "FAIL: $*"
  echo "--- stdout"; head -c 4000 out; echo "--- stderr"; head -c 4000 err
  exit 1
}
# run CODE ARGUMENTS...: runs the program and expects that exit code.
run() {
  local expected=$1 got
  shift
  "$cli" "$@" > out 2> err < /dev/null
  got=$?
  ((got == expected)) || fail "wdmfuzz $*: exit $got, expected $expected"
}
says() { grep -q -- "$1" out err || fail "says nothing like '$1'"; }
# One line of complaint that starts with the program's name.
complains() {
  grep -q "^wdmfuzz: .*$1" err || fail "no line 'wdmfuzz: ...$1'"
  (($(grep -vc '^wdmfuzz: building' err) == 1)) || fail "more than one line of complaint"
  [[ ! -s out ]] || fail "prints on stdout"
}

run_case() {
  if ! declare -F "case_$name" > /dev/null; then
    echo "no case $name"
    exit 1
  fi
  "case_$name"
}
