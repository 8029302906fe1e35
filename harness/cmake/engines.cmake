# Fuzzing engines and sanitizers other than those of a driver's own executable. Each flavour of a driver is a pair of files:
# driver-compile-FLAVOUR.txt has more options for wdmcc, driver-link-FLAVOUR.txt is the whole command that links.

# ---- which lines of the driver run, for llvm-cov (wdmfuzz coverage)
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/driver-compile-coverage.txt CONTENT "--profile\n--coverage\nnone\n")
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/driver-link-coverage.txt CONTENT "${driver_link}\n-fprofile-instr-generate\n")

# ---- AFL++ in the driver's own executable (wdmfuzz fuzz --engine afl): its run-time takes libFuzzer's place. The driver's
# coverage goes to AFL's map (guards) and to the progress line (counters).
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/driver-compile-afl.txt
  CONTENT "--coverage\ntrace-pc-guard,inline-8bit-counters\n")
string(REPLACE "${WDMFUZZ_CLANG}\n" "afl-clang-fast++\n" link_afl "${driver_link}")
string(REPLACE "\n${fuzzer_runtime}" "\n-fsanitize=fuzzer" link_afl "${link_afl}")
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/driver-link-afl.txt CONTENT "${link_afl}\n")

# What gives AFL++ our mutations; it knows its driver from a file that the campaign writes.
add_library(wdmfuzz_afl_mutator MODULE fuzz/afl_mutator.cc fuzz/blind_mutation.cc harness/driver_profile.cc
  harness/scenario.cc harness/scenario_binary.cc harness/decode.cc harness/encode.cc
  harness/mutate.cc harness/mutate_operations.cc harness/mutate_schedule.cc
  harness/text.cc harness/text_line.cc harness/text_operation.cc harness/text_read.cc harness/text_schedule.cc
  emu/trace/trace.cc emu/schedule/strategy.cc ${strategy_sources})
target_link_libraries(wdmfuzz_afl_mutator PRIVATE wdmfuzz_options fmt::fmt Boost::headers nlohmann_json::nlohmann_json)
set_target_properties(wdmfuzz_afl_mutator PROPERTIES PREFIX "")
target_link_options(wdmfuzz_afl_mutator PRIVATE -Wl,-z,defs)

# ---- bare fuzz targets, for engines that bring a main of their own: fuzz/oss-fuzz/build.sh puts its compiler in the place of
# @LINKER@ and the engine in that of @ENGINE@.
add_library(wdmfuzz_bare STATIC EXCLUDE_FROM_ALL ${target_sources} fuzz/bare_target.cc
  harness/driver_info.cc harness/report_crash.cc harness/cli.cc harness/cli_process.cc)
target_link_libraries(wdmfuzz_bare PUBLIC wdmfuzz_core)
string(REPLACE "${WDMFUZZ_CLANG}\n-fsanitize=address\n-g\n" "@LINKER@\n" link_bare "${driver_link}")
string(REPLACE "\n${fuzzer_runtime}" "\n@ENGINE@" link_bare "${link_bare}")
string(REPLACE "wdmfuzz_driver>" "wdmfuzz_bare>" link_bare "${link_bare}")
string(REPLACE "\n-lstdc++" "" link_bare "${link_bare}")
string(REGEX REPLACE "\n-Wl,--wrap=[^\n]*" "" link_bare "${link_bare}")  # of campaigns that go on past a finding
if(WDMFUZZ_PORTABLE)
  string(REPLACE "\n$<TARGET_FILE:fmt::fmt>" "" link_bare "${link_bare}")
endif()
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/bare-link-address.txt CONTENT "${link_bare}\n")
string(REPLACE "wdmfuzz_nt>" "wdmfuzz_nt_plain>" link_bare "${link_bare}")
# Weak names of AddressSanitizer are null here once and for all: OSS-Fuzz takes a call through the PLT for a build with it.
string(REPLACE "@LINKER@\n" "@LINKER@\n-Wl,-z,nodynamic-undefined-weak\n" link_bare "${link_bare}")
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/bare-link-plain.txt CONTENT "${link_bare}\n")
add_custom_target(wdmfuzz_targets DEPENDS wdmfuzz-cli wdmfuzz_bare wdmfuzz_core wdmfuzz_nt wdmfuzz_nt_plain)
