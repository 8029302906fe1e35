// wdmfuzz triage: has the driver's executable sort the inputs, and renders what it says.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "harness/cli_process.h"
#include "harness/triage.h"
#include "harness/verbs/verbs.h"

namespace wdm {

namespace {

// Better now than after minutes of work.
void check_free(const std::string& file, const Options& options) {
  std::error_code error;
  if (!file.empty() && !options.force && std::filesystem::exists(file, error))
    throw UserError(file + ": exists; choose another name, or --force");
}

void write_result(const std::string& file, const std::string& content, const Options& options) {
  if (!file.empty()) write_file(file, content, options.force ? Existing::replace : Existing::keep);
}

}  // namespace

int verb_triage(const Options& options, char** argv) {
  check_free(options.junit, options);
  check_free(options.sarif, options);
  const BuiltDriver driver = prepare_driver(options.driver, options);
  std::vector<std::string> arguments = {driver.executable.string()};
  for (char** a = argv + 1; *a; ++a) arguments.emplace_back(*a);
  std::string output;
  if (const int code = run_attached(arguments, &output)) return code;
  const Triage triage = triage_from_json(output);
  write_result(options.junit, render_junit(triage), options);
  write_result(options.sarif, render_sarif(triage, std::filesystem::current_path().string()), options);
  fmt::print("{}", options.json ? render_triage_json(triage) : render_triage_text(triage));
  return kExitClean;
}

}  // namespace wdm
