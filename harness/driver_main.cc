// The main program of a driver's own executable: the same command line as wdmfuzz-cli, which has built it.

#include <filesystem>

#include "harness/campaign_worker.h"
#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/rule_settings.h"

namespace wdm {

namespace {

// DRIVER as it has to be typed again.
std::string driver_words(const Options& options) {
  std::string words = options.driver;
  for (const std::string& define : options.defines) words += " -D " + define;
  return words;
}

// Called as a fuzz target: with the engine's flags, or with files and folders.
bool is_engine_call(int argc, char** argv) {
  if (argc < 2) return false;
  const std::string_view first = argv[1];
  if (first == "--help" || first == "-h") return false;
  std::error_code error;
  return first.starts_with('-') || (first.find('/') != first.npos && std::filesystem::exists(first, error));
}

int body(int argc, char** argv) {
  apply_rule_settings();
  if (argc == 4 && std::string_view(argv[1]) == "trace-hashes") return print_trace_hashes(argv[2], argv[3]);
  if (argc == 5 && std::string_view(argv[1]) == "until-found") return run_until_found(argv + 2);
  if (argc == 4 && std::string_view(argv[1]) == "profile-inputs") return profile_inputs(argv[2], argv[3]);
  if (argc > 3 && std::string_view(argv[1]) == "fixed-input") return run_fixed_input(argc, argv);
  if (is_engine_call(argc, argv)) return run_engine(argc, argv);
  const Options options = parse_options(argc, argv);
  if (!options.driver.empty()) set_driver_argument(driver_words(options));
  set_fixed_cpus(options.cpus);
  set_faults(options.faults);
  if (options.verb == "demo") return verb_demo(options);
  if (options.verb == "check") return verb_check(options);
  if (options.verb == "fuzz") return verb_fuzz(options);
  if (options.verb == "replay") return verb_replay(options);
  if (options.verb == "minimize") return verb_minimize(options);
  if (options.verb == "triage") return verb_triage(options);
  if (options.verb == "promote") return verb_promote(options);
  if (options.verb == "show") return verb_show(options, driver_profile());
  if (options.verb == "assemble") return verb_assemble(options, driver_profile());
  throw UserError(options.verb + ": does not run in a driver; start it with ./wdmfuzz");
}

}  // namespace

}  // namespace wdm

int main(int argc, char** argv) { return wdm::guarded(wdm::body, argc, argv); }
