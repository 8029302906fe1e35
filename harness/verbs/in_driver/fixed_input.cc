// fixed-input FILE [no-rules] FLAGS: libFuzzer's loop with its flags, but every execution runs the scenario in FILE. Not for
// people: the benchmark measures so what an execution of a driver costs inside the fuzzer, with rules and without.

#include "harness/cli.h"
#include "harness/cli_process.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/run.h"

extern "C" int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*callback)(const std::uint8_t* data, std::size_t size));

namespace wdm {

namespace {

std::vector<std::uint8_t> fixed_bytes;
RunOptions run_options;

int run_it(const std::uint8_t*, std::size_t) {
  static Scenario scenario;  // as fuzz/target.cc does it
  read_input(scenario, fixed_bytes);
  return run_once(driver_image(), scenario, 0, run_options).outcome == Outcome::clean ? 0 : -1;
}

}  // namespace

int run_fixed_input(int argc, char** argv) {
  fixed_bytes = read_file(argv[2]);
  const bool no_rules = argc > 3 && std::string_view(argv[3]) == "no-rules";
  run_options.rules = !no_rules;
  const int used = no_rules ? 3 : 2;
  argv[used] = argv[0];
  argv += used;
  argc -= used;
  return LLVMFuzzerRunDriver(&argc, &argv, run_it);
}

}  // namespace wdm
