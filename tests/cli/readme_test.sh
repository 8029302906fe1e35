#!/bin/bash
# README.md tells the truth: every ./wdmfuzz command of its fenced blocks runs, in order, with the exit code that its comment
# states ("exit 1", else 0); it names no verb or option that --help does not know, and its table has every verb.
#   readme_test.sh SOURCE_DIR BUILD_DIR
# path/to/driver is a copy of sample mailbox, so NAME is "driver". Times are cut, `test` and `bench` only list what there is.
set -u
root=$1 build=$2
readme=$root/README.md
cli=$build/wdmfuzz-cli
sample=mailbox

fail() { echo "FAIL: README.md: $*"; exit 1; }

# ---- what --help knows

verbs=$("$cli" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
[[ $verbs ]] || fail "no verbs in wdmfuzz --help"
is_verb() { grep -qx -- "$1" <<< "$verbs"; }
# Options of a verb, one a line.
options_of() { "$cli" "$1" --help | grep -oE '^  (-[A-Za-z],)?-{1,2}[A-Za-z][A-Za-z-]*' | tr -d ' ' | tr ',' '\n'; }

# knows VERB OPTIONS...: fails at the first that the verb does not have.
knows() {
  local verb=$1 known option
  shift
  [[ $verb == test || $verb == bench ]] && return  # theirs are ctest's and the benchmark library's
  known=$(options_of "$verb")
  for option; do grep -qx -- "$option" <<< "$known" || fail "wdmfuzz $verb has no option $option"; done
}
# Words of a text that look like options. What follows ` -- ` is the engine's.
options_in() { sed 's/ -- .*//' <<< "$1" | grep -oE '(^|[ [(])-{1,2}[A-Za-z][A-Za-z-]*' | grep -oE -- '-.*'; }

# ---- what README says

fenced=$(awk '/^```/ { inside = !inside; next } inside' "$readme")
commands=$(grep -E '^(\$ )?\./wdmfuzz( |$)' <<< "$fenced" | sed 's/^\$ //')
(($(wc -l <<< "$commands") > 3)) || fail "has hardly any command: this test looks at the wrong lines"
in_text=$(awk '/^```/ { inside = !inside; next } !inside' "$readme" | grep -oE '`\./wdmfuzz [^`]*`' | tr -d '`')
[[ $in_text ]] || fail "no command in the text: this test looks at the wrong lines"

while read -r _ verb rest; do
  [[ $verb == --help ]] && continue
  is_verb "$verb" || fail "wdmfuzz has no verb $verb"
  # shellcheck disable=SC2046
  knows "$verb" $(options_in "${rest%%#*}")
done <<< "$commands"$'\n'"$in_text"

# Cells of the table of verbs: `verb ARGUMENTS`, perhaps several.
cells=$(sed -n '/^| verb | does |/,/^$/p' "$readme" | tail -n +3 | sed 's/ | .*//' | grep -oE '`[^`]*`' | tr -d '`')
while read -r verb rest; do
  is_verb "$verb" || fail "the table has a verb $verb, wdmfuzz has not"
  # shellcheck disable=SC2046
  knows "$verb" $(options_in "$rest")
done <<< "$cells"
for verb in $verbs; do
  grep -qE "^$verb( |$)" <<< "$cells" || fail "the table lacks the verb $verb"
done

# Options that the text mentions by themselves, as `-D DBG=1`, are some verb's.
all=$(for verb in $verbs; do options_of "$verb"; done | sort -u)
for option in $(awk '/^```/ { inside = !inside; next } !inside' "$readme" | grep -oE '`-{1,2}[A-Za-z][A-Za-z-]*( [^`]*)?`' | tr -d '`' | cut -d' ' -f1); do
  grep -qx -- "$option" <<< "$all" || fail "no verb has an option $option"
done

# ---- and does it run?

# Always the same place, so that the driver built there is built once.
work=$build/tests/cli/readme
rm -rf "$work"
mkdir -p "$work/path/to"
cp -r "$root/harness/drivers/$sample" "$work/path/to/driver"
ln -s "$root/wdmfuzz" "$work/wdmfuzz"
cd "$work" || exit 1
export WDMFUZZ_BUILD=$build
unset WDMFUZZ_ROOT

# The command as it is run here. A campaign that is to find something gets a minute, another one three seconds.
adapted() {
  local command=$1 expected=$2 seconds=3
  ((expected == 1)) && seconds=60
  command=$(sed -E "s/\bNAME\b/driver/g; s/--time +[0-9]+/--time $seconds/" <<< "$command")
  case $command in
    './wdmfuzz test'*) command='./wdmfuzz test -N' ;;
    './wdmfuzz bench'*) command='./wdmfuzz bench . --benchmark_list_tests' ;;
  esac
  echo "$command"
}

while IFS= read -r line; do
  [[ $line != *\\ ]] || fail "a command goes on in the next line: $line"
  expected=$(sed -nE 's/.*#.*exit ([0-9]).*/\1/p' <<< "$line")
  command=$(adapted "${line%%  #*}" "${expected:-0}")
  echo "$command"
  bash -c "$command" > out 2> err < /dev/null
  got=$?
  ((got == ${expected:-0})) && continue
  echo "--- stdout"; head -c 4000 out; echo "--- stderr"; head -c 4000 err
  fail "'$line', run as '$command': exit $got, expected ${expected:-0}"
done <<< "$commands"
