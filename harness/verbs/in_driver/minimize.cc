// wdmfuzz minimize: the smallest scenario with the same SUMMARY.

#include <fmt/format.h>

#include <filesystem>

#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/expected_run.h"
#include "harness/isolated_run.h"
#include "harness/minimized.h"

namespace wdm {

namespace {

constexpr unsigned kDefaultSeconds = 120;

// Better now than after two minutes of work.
void check_output(const Options& options) {
  std::error_code error;
  if (!options.output.empty() && !options.force && std::filesystem::exists(options.output, error))
    throw UserError(options.output + ": exists; choose another name, or --force");
}

}  // namespace

int verb_minimize(const Options& options) {
  check_output(options);
  const Scenario scenario = read_scenario(options.files.front(), driver_profile());
  const KnownPlaces known = findings_before_expected(scenario).places;
  const IsolatedRun run = run_isolated(scenario, known);
  if (run.verdict.outcome == Outcome::clean)
    throw UserError(options.files.front() + ": runs clean, so there is nothing to minimise");
  Scenario smallest = minimized(run.scenario, run.verdict, driver_image(), options.seconds ? options.seconds : kDefaultSeconds,
                                known);
  smallest.expect = summary_of(run.verdict, driver_image());
  write_output(options, to_text(smallest));
  if (!options.output.empty())
    fmt::print("{}: {} operations of {}, {} directives; SUMMARY: wdmfuzz: {}\n", options.output, smallest.operations.size(),
               scenario.operations.size(), smallest.schedule.directives.size(), smallest.expect);
  return kExitClean;
}

}  // namespace wdm
