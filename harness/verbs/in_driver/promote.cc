// wdmfuzz promote: a finding becomes a case that the test suite replays.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "harness/campaign_store.h"
#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/isolated_run.h"
#include "harness/minimized.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kMinimizeSeconds = 120;

// Cases of the samples lie in the repository's corpus, those of other drivers beside the driver.
fs::path case_directory(const Options& options) {
  if (!options.corpus.empty()) return options.corpus;
  const char* const root = std::getenv("WDMFUZZ_ROOT");
  const fs::path samples = fs::path(root ? root : ".") / "harness" / "drivers", driver = driver_directory();
  std::error_code error;
  if (fs::equivalent(driver.parent_path(), samples, error)) return fs::path(root) / "corpus" / driver_profile().name / "found";
  return driver / "corpus";
}

std::vector<fs::path> cases_in(const fs::path& directory) {
  std::vector<fs::path> cases;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error))
    if (entry.is_regular_file(error) && entry.path().extension() == ".scn") cases.push_back(entry.path());
  std::sort(cases.begin(), cases.end());
  return cases;
}

// A finding is known by its SUMMARY, a clean case only by all of its text.
bool is_same(const Scenario& stored, const Scenario& scenario) {
  if (stored.expect != scenario.expect) return false;
  return scenario.expect != "clean" || to_text(stored) == to_text(scenario);
}

std::optional<fs::path> already_there(const fs::path& directory, const Scenario& scenario) {
  for (const fs::path& file : cases_in(directory)) {
    try {
      if (is_same(read_scenario(file.string(), driver_profile()), scenario)) return file;
    } catch (const UserError& error) {
      fmt::print(stderr, "wdmfuzz: {}; passed over\n", error.what());
    }
  }
  return std::nullopt;
}

// The file's scenario as it ends now; throws when that is not what the user takes it for.
Scenario judged(const std::string& file, const Scenario& scenario, const IsolatedRun& run, bool clean) {
  if (clean && run.verdict.outcome != Outcome::clean)
    throw UserError(fmt::format("{}: does not run clean, it ends as {}; promote it without --clean, or mend the driver first",
                                file, summary_of(run.verdict, driver_image())));
  if (!clean && run.verdict.outcome == Outcome::clean)
    throw UserError(file + ": runs clean; promote it with --clean to have the tests see that it stays so");
  Scenario result = clean ? scenario : run.scenario;
  result.driver = driver_profile().name;
  result.expect = clean ? "clean" : summary_of(run.verdict, driver_image());
  return result;
}

}  // namespace

int verb_promote(const Options& options) {
  const std::string& file = options.files.front();
  const Scenario scenario = read_scenario(file, driver_profile());
  const IsolatedRun run = run_isolated(scenario);
  Scenario promoted = judged(file, scenario, run, options.clean);
  const fs::path directory = case_directory(options);
  if (const auto there = already_there(directory, promoted)) {
    fmt::print("{}: is there already as {}; nothing is changed\n", promoted.expect, there->string());
    return kExitClean;
  }
  if (!options.clean) {
    const std::string expect = promoted.expect;
    promoted = minimized(run.scenario, run.verdict, driver_image(), kMinimizeSeconds);
    promoted.driver = driver_profile().name;
    promoted.expect = expect;
  }
  fs::create_directories(directory);
  const std::string word = options.clean ? "clean" : file_word(run.verdict.what);
  const fs::path target = free_stem_in(directory, word).string() + ".scn";
  write_file(target, to_text(promoted));
  fmt::print("{}: {} operations, {} directives; expect {}\n", target.string(), promoted.operations.size(),
             promoted.schedule.directives.size(), promoted.expect);
  return kExitClean;
}

}  // namespace wdm
