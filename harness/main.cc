// wdmfuzz-cli: builds the driver that a command is about and hands the command over to the driver's own executable.

#include <fmt/format.h>

#include <cstdlib>

#include "harness/cli.h"
#include "harness/cli_process.h"
#include "harness/cli_scenario.h"
#include "harness/dictionary.h"
#include "harness/driver_build.h"
#include "harness/verbs/verbs.h"

namespace wdm {

namespace {

const char* typed = "";  // the program's name as it was typed

// What AddressSanitizer needs to print short file names (quoted, since a blank would end the value), unless the user has
// own settings, and what reproduce lines begin with.
void prepare_environment(const DriverSpec& spec, const Layout& layout) {
  ::setenv("WDMFUZZ_ROOT", layout.root.c_str(), 1);
  static const bool own = ::getenv("ASAN_OPTIONS") == nullptr;  // with several drivers each has its directory
  if (own) ::setenv("ASAN_OPTIONS", ("strip_path_prefix=\"" + spec.directory.string() + "/\"").c_str(), 1);
  if (executable_path().filename() == "wdmfuzz") ::setenv("WDMFUZZ_COMMAND", typed, 1);  // an installed program
  const std::string symbolizer = find_program({"llvm-symbolizer-14", "llvm-symbolizer"});
  if (!symbolizer.empty()) ::setenv("ASAN_SYMBOLIZER_PATH", symbolizer.c_str(), 0);
}

// These run a scenario many times and print nothing of AddressSanitizer's own report: looking up its names each time
// costs more than the run.
bool drops_sanitizer_reports(const Options& options) {
  return options.verb == "minimize" || options.verb == "promote" || (options.verb == "replay" && options.repeat > 1);
}

void leave_out_symbols() {
  const char* const old = std::getenv("ASAN_OPTIONS");
  ::setenv("ASAN_OPTIONS", fmt::format("external_symbolizer_path=:{}", old ? old : "").c_str(), 1);  // what the user says later wins
}

int run_in_driver(const Options& options, char** argv) {
  const BuiltDriver driver = prepare_driver(options.driver, options);
  if (drops_sanitizer_reports(options)) leave_out_symbols();
  std::vector<std::string> arguments = {driver.executable.string()};
  for (char** a = argv + 1; *a; ++a) arguments.emplace_back(*a);
  replace_process(arguments);
  throw UserError(driver.executable.string() + ": cannot be started");
}

int verb_build(const Options& options) {
  Layout layout = find_layout(options.build_dir);
  layout.flavour = options.flavour;
  const BuiltDriver driver = build_driver(layout, resolve_driver(options.driver, options.defines, layout.samples()));
  if (!options.dictionary.empty())
    write_file(options.dictionary, dictionary(find_ioctls(layout, driver.spec), numbers_of(driver), read_text(driver.ddis)), Existing::replace);
  if (options.output.empty()) {
    fmt::print("{}\n", driver.executable.string());
    return kExitClean;
  }
  const auto bytes = read_file(driver.executable);
  write_file(options.output, bytes, Existing::replace);
  std::filesystem::permissions(options.output, std::filesystem::perms(0755));
  return kExitClean;
}

int run_here(const Options& options) {
  if (options.verb == "build") return verb_build(options);
  if (options.verb == "coverage") return verb_coverage(options, find_layout(options.build_dir));
  if (options.verb == "rules") return verb_rules(options);
  if (options.verb == "ddis") return verb_ddis(options);
  if (options.verb == "drivers") return verb_drivers(options, find_layout());
  if (options.verb == "show") return verb_show(options, {});
  if (options.verb == "assemble") return verb_assemble(options, {});
  throw UserError(options.verb + ": is done by the script ./wdmfuzz, not by this program");
}

// A text scenario names its driver: the sample of that name knows what its bytes mean. To become bytes it needs no driver.
void find_driver_of_scenario(Options& options) {
  if (options.verb != "show" || !options.driver.empty()) return;
  const std::string text = read_text(options.files.front());
  if (text.rfind("wdmfuzz ", 0) != 0) return;
  std::error_code error;
  const std::string driver = read_scenario(options.files.front(), {}).driver;
  if (!driver.empty() && std::filesystem::is_directory(find_layout().samples() / driver, error)) options.driver = driver;
}

int body(int argc, char** argv) {
  typed = argv[0];
  Options options = parse_options(argc, argv);
  find_driver_of_scenario(options);
  if (options.verb == "fuzz" && options.drivers.size() > 1) return fuzz_several(options, argv);
  if (options.verb == "triage") return verb_triage(options, argv);
  return runs_in_driver(options) ? run_in_driver(options, argv) : run_here(options);
}

// The same driver with AFL++ in it, and what the campaign has to know about both.
void prepare_afl(Layout layout, const DriverSpec& spec) {
  for (const char* const program : {"afl-fuzz", "afl-clang-fast++"})
    if (find_program({program}).empty())
      throw UserError(fmt::format("--engine afl: {} is not in PATH; install Debian's package afl++", program));
  const std::filesystem::path mutator = layout.libraries / "wdmfuzz_afl_mutator.so";
  if (!std::filesystem::exists(mutator))
    throw UserError(mutator.string() + " is missing; start with ./wdmfuzz, which builds it");
  layout.flavour = "afl";
  ::setenv("WDMFUZZ_AFL_TARGET", build_driver(layout, spec).executable.c_str(), 1);
  ::setenv("WDMFUZZ_AFL_MUTATOR", mutator.c_str(), 1);
}

}  // namespace

BuiltDriver prepare_driver(const std::string& name, const Options& options) {
  const Layout layout = find_layout(options.build_dir);
  const DriverSpec spec = resolve_driver(name, options.defines, layout.samples());
  const BuiltDriver driver = build_driver(layout, spec);
  prepare_environment(spec, layout);
  if (options.verb == "fuzz" && options.engine == "afl") prepare_afl(layout, spec);
  return driver;
}

}  // namespace wdm

int main(int argc, char** argv) { return wdm::guarded(wdm::body, argc, argv); }
