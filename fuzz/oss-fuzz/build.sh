#!/bin/bash -eu
# Builds one fuzz target per driver of a list, as OSS-Fuzz and ClusterFuzzLite want them: statically linked as far as it
# goes, with seed corpus, dictionary and options.
#
#   build.sh [LIST]     LIST: lines `TARGET DRIVER [options of wdmfuzz build]`, default targets.txt beside this script.
#                       A DRIVER without a slash is a sample, with one it is relative to the list's directory; seeds of
#                       one's own lie in corpus/TARGET there.
#
# From the environment: SRC WORK OUT CC CXX CFLAGS CXXFLAGS LIB_FUZZING_ENGINE SANITIZER FUZZING_ENGINE. CFLAGS says how
# the drivers are instrumented; emulator and harness are not (README.md in the folder above). Two more, for tests:
# WDMFUZZ_ROOT, the repository, and WDMFUZZ_BUILD, a build directory in which `wdmfuzz_targets` is up to date.
set -o pipefail

die() { echo "build.sh: $*" >&2; exit 2; }

root=${WDMFUZZ_ROOT:-$SRC/wdm}
list=$(realpath "${1:-$root/fuzz/oss-fuzz/targets.txt}")
build=${WDMFUZZ_BUILD:-$WORK/wdm-build}
[[ -f $list ]] || die "$list: no such list of targets"

# ---- what CFLAGS says about the drivers, as options of wdmcc; what it says about the harness

sanitizers=() coverage=none mapping='' options=() harness_flags=()

sort_flag() {
  local name
  case $1 in
    -fsanitize=*)
      for name in $(tr , ' ' <<< "${1#*=}"); do
        case $name in
          fuzzer | fuzzer-no-link) coverage='' ;;
          memory | thread | dataflow) die "the emulated kernel cannot be built with sanitizer $name; use address, undefined or coverage" ;;
          *) sanitizers+=("$name") ;;
        esac
      done ;;
    -fsanitize-coverage=*) coverage=${1#*=} ;;
    -fcoverage-mapping) mapping=1 ;;
    -D* | -U*) options+=("$1") ;;
  esac
}
for flag in $CFLAGS; do sort_flag "$flag"; done
for flag in $CXXFLAGS; do
  case $flag in
    -fsanitize* | -fno-sanitize* | -fprofile* | -fcoverage* | -Wl,*) ;;
    *) harness_flags+=("$flag") ;;
  esac
done
kernel=plain
[[ ,$(IFS=,; echo "${sanitizers[*]}"), != *,address,* ]] || kernel=address

# AFL++'s compiler instruments by itself. The drivers' dialect needs two runs of clang, so it gets AFL++'s callbacks from
# clang, and the linker below brings their run-time.
compiler=$CC compiler_cxx=$CXX
if [[ $(basename "$CC") == afl-* ]]; then
  compiler=clang compiler_cxx=clang++
  [[ $coverage != none ]] || coverage=trace-pc-guard
fi

# ---- emulator and harness

if [[ ! -f $build/CMakeCache.txt ]]; then
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER="$compiler_cxx" \
    -DCMAKE_CXX_FLAGS="${harness_flags[*]}" -DBUILD_TESTING=OFF -DWDMFUZZ_PORTABLE=ON -DWDMFUZZ_WERROR=OFF
fi
[[ ${WDMFUZZ_BUILD:-} ]] || ninja -C "$build" wdmfuzz_targets

flavour=oss-fuzz-${FUZZING_ENGINE:-libfuzzer}-${SANITIZER:-address}
{
  printf -- '--sanitize\n%s\n' "$(IFS=,; echo "${sanitizers[*]:-none}")"
  [[ ! $coverage ]] || printf -- '--coverage\n%s\n' "$coverage"
  [[ ! $mapping ]] || echo --profile
  ((${#options[@]} == 0)) || printf '%s\n' "${options[@]}"
} > "$build/driver-compile-$flavour.txt"
while read -r word; do
  case $word in
    @LINKER@) printf '%s\n' "$CXX" $CXXFLAGS ;;
    @ENGINE@) printf '%s\n' $LIB_FUZZING_ENGINE ;;
    *) printf '%s\n' "$word" ;;
  esac
done < "$build/bare-link-$kernel.txt" > "$build/driver-link-$flavour.txt"

# ---- the targets

# Nobody else looks whether the driver is instrumented: the run-time alone passes for a sanitized target.
check_instrumented() {
  local names sanitizer
  names=$(nm -u "$1")
  for sanitizer in "${sanitizers[@]}"; do
    case $sanitizer in
      address) [[ $names == *__asan_report_* ]] || die "$1: no AddressSanitizer in the driver" ;;
      undefined | null | object-size) [[ $names == *__ubsan_handle_* ]] || die "$1: no UndefinedBehaviorSanitizer in the driver" ;;
    esac
  done
  [[ $coverage == none || $names == *__sanitizer_cov_* ]] || die "$1: no coverage feedback in the driver"
  [[ ! $mapping ]] || grep -q '__llvm_covmap' <<< "$(objdump -hw "$1")" || die "$1: no coverage mapping in the driver"
}

# Scenarios as text become the bytes that engines mutate.
seed_corpus() {
  local target=$1 driver=$2 seeds=$WORK/seeds/$1 directory file
  rm -rf "$seeds" "$OUT/${target}_seed_corpus.zip"
  mkdir -p "$seeds"
  local directories=("$(dirname "$list")/corpus/$target")
  [[ $driver == */* ]] || directories+=("$root/corpus/$driver/seed" "$root/corpus/$driver/found")
  for directory in "${directories[@]}"; do
    for file in "$directory"/*; do
      [[ -f $file ]] || continue
      "$build/wdmfuzz-cli" assemble "$file" -o "$seeds/$(basename "$directory")-$(basename "$file" .scn)" --force
    done
  done
  [[ -n $(ls "$seeds") ]] || { echo "build.sh: $target: no seeds in ${directories[*]}" >&2; return 0; }
  (cd "$seeds" && zip -q -X "$OUT/${target}_seed_corpus.zip" -- *)
}

options_file() {
  cat << END
[libfuzzer]
dict = $1.dict
max_len = 4096
len_control = 0
detect_leaks = 0

[asan]
detect_leaks = 0
detect_stack_use_after_return = 0
END
}

build_target() {
  local target=$1 driver=$2 executable
  shift 2
  [[ $target =~ ^[A-Za-z0-9_-]+$ ]] || die "$list: $target: a target's name has letters, digits, _ and - only"
  [[ $driver != */* ]] || driver=$(dirname "$list")/$driver
  executable=$(WDMFUZZ_ROOT=$root "$build/wdmfuzz-cli" build "$driver" "$@" --flavour "$flavour" --dictionary "$OUT/$target.dict")
  check_instrumented "$(dirname "$executable")/driver.o"
  cp "$executable" "$OUT/$target"
  options_file "$target" > "$OUT/$target.options"
  seed_corpus "$target" "$driver"
}

built=0
while read -r target driver more; do
  [[ -n $target && $target != \#* ]] || continue
  [[ $driver ]] || die "$list: $target: no driver"
  # shellcheck disable=SC2086
  build_target "$target" "$driver" $more < /dev/null
  built=$((built + 1))
done < "$list"
((built)) || die "$list: names no target"
