#include "harness/campaign.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include "harness/campaign_worker.h"
#include "harness/cli.h"
#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/isolated_run.h"
#include "harness/minimized.h"
#include "harness/progress.h"
#include "harness/reported_run.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kPollMicroseconds = 100'000;
constexpr unsigned kGraceTenths = 30;         // for workers to stop by themselves
constexpr unsigned kMaxSilentDeaths = 5;      // of workers, without an input to show for it
constexpr unsigned kMinimizeSeconds = 60;

volatile sig_atomic_t interrupted = 0;
void on_interrupt(int) { interrupted = 1; }

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

bool is_artifact(const fs::path& path) {
  static constexpr std::string_view kPrefixes[] = {"crash-", "oom-", "timeout-", "leak-"};
  const std::string name = path.filename().string();
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](auto prefix) { return name.starts_with(prefix); });
}

std::vector<fs::path> artifacts_in(const fs::path& directory) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(directory))
    if (is_artifact(entry.path())) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

// "SpinLock" -> "spinlock", "NOT EMULATED: IoFoo" -> "not-emulated-iofoo"
std::string file_word(std::string_view what) {
  std::string word;
  for (const unsigned char c : what) {
    if (std::isalnum(c)) word += static_cast<char>(std::tolower(c));
    else if (!word.empty() && word.back() != '-') word += '-';
  }
  return word.substr(0, 60);
}

// First name with a free number, for all the endings of a finding.
fs::path free_name(const fs::path& directory, const std::string& word) {
  for (unsigned n = 1;; ++n) {
    const fs::path stem = directory / fmt::format("{}-{}", word, n);
    const auto taken = [&](const char* ending) { return fs::exists(stem.string() + ending); };
    if (!taken(".scn") && !taken(".txt") && !taken(".input")) return stem;
  }
}

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options)
      : options_(options), progress_(coverage_edges()), start_(Clock::now()) {}

  CampaignResult run() {
    prepare();
    for (unsigned i = 0; i < options_.jobs; ++i) start(i);
    while (!done()) {
      ::usleep(kPollMicroseconds);
      collect();
      display_.show(facts());
    }
    stop_workers();
    collect_artifacts();
    ProgressFacts last = facts();
    last.executions_per_second = static_cast<double>(last.counts.executions) / std::max(0.001, last.elapsed_seconds);
    last.left_seconds = -1;
    display_.finish(last);
    return finish();
  }

 private:
  fs::path findings() const { return options_.out / "findings"; }

  void prepare() {
    for (const char* part : {"corpus", "findings", "log"}) fs::create_directories(options_.out / part);
    for (const fs::path& seed : options_.seeds) add_seed(seed);
    if (options_.keep_going) read_known();
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
  }

  void add_seed(const fs::path& seed) {
    const Scenario scenario = read_scenario(seed.string(), driver_profile());
    write_file(options_.out / "corpus" / ("seed-" + seed.stem().string()), encode(scenario, driver_profile()),
               Existing::replace);
  }

  void read_known() {
    std::ifstream in(options_.out / "known.txt");
    for (std::string line; std::getline(in, line);)
      if (!line.empty()) known_.insert(line);
  }

  void write_known() {
    std::string text;
    for (const std::string& summary : known_) text += summary + "\n";
    write_file(options_.out / "known.txt", text, Existing::replace);
  }

  // ---- workers

  void start(unsigned number) {
    const std::uint64_t seed = options_.seed + number + starts_++ / options_.jobs * options_.jobs;
    workers_[start_worker(options_, number, seed, known_places_, progress_)] = number;
  }

  bool time_is_over() const { return options_.seconds && seconds_since(start_) >= options_.seconds; }

  bool done() const { return interrupted || time_is_over() || stop_ || workers_.empty(); }

  void collect() {
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = workers_.find(pid);
      if (found == workers_.end()) continue;
      const unsigned number = found->second;
      workers_.erase(found);
      progress_.retire(number);
      // Workers that die together are collected together: each artifact accounts for one death.
      const std::size_t collected = collect_artifacts();
      unclaimed_ += collected;
      if (collected) silent_deaths_ = 0;
      if (unclaimed_)
        --unclaimed_;
      else
        note_silent_death(number, status);
      if (!done_for_good()) start(number);
    }
  }

  bool done_for_good() const { return interrupted || stop_ || time_is_over(); }

  void note_silent_death(unsigned number, int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {  // -runs=N of the user
      stop_ = true;
      return;
    }
    if (++silent_deaths_ < kMaxSilentDeaths) return;
    display_.clear();
    fmt::print(stderr, "EMU BUG: worker processes end without a finding; see {}\n",
               (options_.out / "log" / fmt::format("worker-{}.log", number)).string());
    failure_ = kExitEmuBug;
    stop_ = true;
  }

  void stop_workers() {
    for (const auto& [pid, number] : workers_) ::kill(pid, SIGTERM);
    for (unsigned i = 0; i < kGraceTenths && !workers_.empty(); ++i) {
      int status = 0;
      for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) workers_.erase(pid);
      if (!workers_.empty()) ::usleep(kPollMicroseconds);
    }
    for (const auto& [pid, number] : workers_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    workers_.clear();
  }

  // ---- findings

  // How many there were, new or not.
  std::size_t collect_artifacts() {
    const auto artifacts = artifacts_in(findings());
    for (const fs::path& artifact : artifacts) judge(artifact);
    return artifacts.size();
  }

  void judge(const fs::path& artifact) {
    const IsolatedRun run = run_isolated(input_scenario(read_file(artifact)));
    if (run.verdict.outcome == Outcome::clean) {
      keep_unreproducible(artifact);
      return;
    }
    const std::string summary = summary_of(run.verdict, driver_image());
    known_places_.insert({run.verdict.what, run.verdict.place});
    const bool first = reported_.insert(summary).second && !known_.contains(summary);
    if (!first || (stop_ && !options_.keep_going)) {
      fs::remove(artifact);
      return;
    }
    report(artifact, run, summary);
  }

  void keep_unreproducible(const fs::path& artifact) {
    const fs::path kept = free_name(findings(), "unreproducible").string() + ".input";
    fs::rename(artifact, kept);
    display_.clear();
    fmt::print(stderr, "EMU BUG: a finding did not happen again; its input is kept as {}\n", kept.string());
    failure_ = kExitEmuBug;
    stop_ |= !options_.keep_going;
  }

  void report(const fs::path& artifact, const IsolatedRun& run, const std::string& summary) {
    display_.clear();
    fmt::print(stderr, "found {}; minimising\n", summary);
    if (!options_.keep_going) stop_workers();
    Scenario scenario = minimized(run.scenario, run.verdict, driver_image(), kMinimizeSeconds);
    scenario.expect = summary;
    const fs::path stem = free_name(findings(), file_word(run.verdict.what));
    CampaignFinding finding{run.verdict.outcome, summary, stem.string() + ".scn", ""};
    write_file(finding.scenario, to_text(scenario));
    fs::rename(artifact, stem.string() + ".input");
    finding.report = text_report(scenario, fmt::format("./wdmfuzz replay {} {}", driver_argument(), finding.scenario.string()));
    write_file(stem.string() + ".txt", finding.report);
    std::fwrite(finding.report.data(), 1, finding.report.size(), stdout);
    std::fflush(stdout);
    known_.insert(summary);
    write_known();
    // A limit is no reason to stop: another schedule of the same driver may say more.
    stop_ |= !options_.keep_going && run.verdict.outcome != Outcome::limit;
    found_.push_back(std::move(finding));
  }

  // ---- the end

  ProgressFacts facts() {
    ProgressFacts facts;
    facts.counts = progress_.total();
    facts.elapsed_seconds = seconds_since(start_);
    const double passed = facts.elapsed_seconds - rate_time_;
    if (passed >= 1) {
      rate_ = static_cast<double>(facts.counts.executions - rate_count_) / passed;
      rate_time_ = facts.elapsed_seconds;
      rate_count_ = facts.counts.executions;
    }
    facts.executions_per_second = rate_;
    facts.edges = progress_.edges();
    facts.edges_hit = progress_.edges_hit();
    facts.findings = found_.size();
    if (options_.seconds) facts.left_seconds = std::max(0.0, options_.seconds - facts.elapsed_seconds);
    return facts;
  }

  CampaignResult finish() {
    CampaignResult result;
    result.exit_code = failure_;
    const auto has = [&](Outcome outcome) {
      return std::any_of(found_.begin(), found_.end(), [&](const auto& f) { return f.outcome == outcome; });
    };
    for (const Outcome outcome : {Outcome::limit, Outcome::not_emulated, Outcome::emu_bug, Outcome::driver_bug})
      if (has(outcome)) result.exit_code = exit_code(outcome);
    result.findings = std::move(found_);
    return result;
  }

  const CampaignOptions& options_;
  SharedProgress progress_;
  ProgressDisplay display_;
  Clock::time_point start_;
  std::map<pid_t, unsigned> workers_;
  std::uint64_t starts_ = 0;
  unsigned silent_deaths_ = 0;
  std::size_t unclaimed_ = 0;  // artifacts whose worker has not been seen to end
  bool stop_ = false;
  int failure_ = 0;
  std::set<std::string> known_;     // SUMMARYs of earlier campaigns and of this one
  std::set<std::string> reported_;  // of this one
  KnownPlaces known_places_;
  std::vector<CampaignFinding> found_;
  double rate_ = 0, rate_time_ = 0;
  std::uint64_t rate_count_ = 0;
};

}  // namespace

CampaignResult run_campaign(const CampaignOptions& options) { return Campaign(options).run(); }

}  // namespace wdm
