// wdmfuzz fuzz and demo: a campaign.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "harness/campaign_output.h"
#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/isolated_run.h"
#include "harness/report_words.h"
#include "harness/reported_run.h"
#include "harness/run.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kDemoSeconds = 60;
constexpr unsigned kMaxDefaultJobs = 16;

unsigned processors() {
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  return std::clamp(static_cast<unsigned>(online > 0 ? online : 1), 1u, kMaxDefaultJobs);
}

// Another seed every time unless the user gives one: a campaign explores, only its inputs are replayed.
std::uint64_t fresh_seed() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) % 1'000'000'007 + 1;
}

// Seeds of the repository's corpus for this driver, if it has any.
std::vector<fs::path> seed_files() {
  std::vector<fs::path> seeds;
  const char* const root = std::getenv("WDMFUZZ_ROOT");
  std::error_code error;
  const fs::path directory = fs::path(root ? root : ".") / "corpus" / driver_profile().name / "seed";
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.is_regular_file()) seeds.push_back(entry.path());
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

// One directory below the user's for each of several drivers.
fs::path campaign_directory(const Options& options) {
  if (options.out.empty()) return fs::path("wdmfuzz-out") / driver_profile().name;
  return options.drivers.size() > 1 ? fs::path(options.out) / driver_profile().name : fs::path(options.out);
}

// Set by the program that has built this executable.
std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  if (!value) throw UserError("--engine afl: start it with ./wdmfuzz, which builds the driver for AFL++");
  return value;
}

CampaignOptions campaign_options(const Options& options) {
  CampaignOptions campaign;
  campaign.out = campaign_directory(options);
  campaign.seconds = options.seconds;
  campaign.jobs = options.jobs ? options.jobs : processors();
  campaign.seed = options.seed ? options.seed : fresh_seed();
  campaign.keep_going = options.keep_going;
  campaign.json = options.json;
  campaign.engine_flags = options.engine_flags;
  if (options.engine == "afl") {
    campaign.afl_target = environment("WDMFUZZ_AFL_TARGET");
    campaign.afl_mutator = environment("WDMFUZZ_AFL_MUTATOR");
  }
  campaign.seeds = seed_files();
  return campaign;
}

// A driver that does not load cannot be fuzzed: say so at once, unless the campaign is to go on past findings. Runs in a
// child.
int check_that_it_loads(const CampaignOptions& campaign) {
  const IsolatedRun run = run_isolated({});
  if (campaign.keep_going && run.verdict.outcome == Outcome::driver_bug) return kExitClean;
  if (run.verdict.outcome != Outcome::clean) {
    print_load_failure(campaign, run.verdict.outcome, summary_of(run.verdict, driver_image()),
                       text_report({}, fmt::format("{} check {}", program_as_typed(), driver_argument())));
    return exit_code(run.verdict.outcome);
  }
  const RunResult result = wdm::run(driver_image(), {}, {});  // clean, so it may run here
  if (result.load_status >> 31)
    throw UserError(fmt::format("{}: DriverEntry returns {}, so there is nothing to fuzz; see wdmfuzz check {}",
                                driver_argument(), status_name(result.load_status), driver_argument()));
  return kExitClean;
}

void write_page(const CampaignFinding& finding) {
  const fs::path page = fs::path(finding.scenario).replace_extension(".html");
  const Scenario scenario = read_scenario(finding.scenario.string(), driver_profile());
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::freopen("/dev/null", "w", stderr);
    run_reported(scenario, [&](Report& report) {
      report.reproduce =
          fmt::format("{} replay {} {}", program_as_typed(), driver_argument(), finding.scenario.string());
      write_file(page, render_html(report), Existing::replace);
    });
    ::_exit(0);
  }
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

int verb_fuzz(const Options& options) {
  const CampaignOptions campaign = campaign_options(options);
  if (const int code = check_that_it_loads(campaign)) return code;
  return run_campaign(campaign).exit_code;
}

int verb_demo(const Options& options) {
  CampaignOptions campaign = campaign_options(options);
  if (!campaign.seconds) campaign.seconds = kDemoSeconds;
  fmt::print(stderr, "wdmfuzz: looking for the bug in sample driver {}, {} s at most\n", driver_profile().name,
             campaign.seconds);
  const CampaignResult result = run_campaign(campaign);
  if (result.findings.empty()) {
    fmt::print("nothing found in {} s\n", campaign.seconds);
    return kExitFound;
  }
  const CampaignFinding& finding = result.findings.front();
  write_page(finding);
  fmt::print("scenario: {}\ntimeline: {}\n", finding.scenario.string(),
             fs::absolute(fs::path(finding.scenario).replace_extension(".html")).string());
  return finding.outcome == Outcome::driver_bug ? kExitClean : exit_code(finding.outcome);
}

}  // namespace wdm
