#include "harness/campaign.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "harness/campaign_output.h"
#include "harness/campaign_store.h"
#include "harness/campaign_worker.h"
#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/expected_run.h"
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
constexpr double kShareSeconds = 0.5;         // between two looks at what the workers have written

volatile sig_atomic_t interrupted = 0;
void on_interrupt(int) { interrupted = 1; }

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options)
      : options_(options), store_(options.out, options.jobs), progress_(coverage_edges()), output_(options),
        start_(Clock::now()) {}

  CampaignResult run() {
    prepare();
    if (!done()) start_all();
    while (!done() && !workers_.empty()) {
      ::usleep(kPollMicroseconds);
      tend();
      report_caught();
    }
    stop_workers();
    judge_caught();
    report_caught();
    return finish();
  }

 private:
  // An input that breaks a rule, and is not reported yet.
  struct Caught {
    fs::path input;
    IsolatedRun run;
    std::string summary;
    KnownPlaces passed;  // what the run went on past: with more passed over it may go another way
  };

  // ---- the beginning

  void prepare() {
    for (const fs::path& seed : options_.seeds) add_seed(seed);
    catch_signals();
    for (const fs::path& scenario : store_.scenarios()) read_finding(scenario);
    output_.start(facts());
    for (const CampaignFinding& finding : found_) output_.finding(finding);
    // What a killed campaign had caught comes first: it is the same campaign.
    judge_caught();
    report_caught();
  }

  void add_seed(const fs::path& seed) {
    const Scenario scenario = read_scenario(seed.string(), driver_profile());
    store_.add_seed("seed-" + seed.stem().string(), encode(scenario, driver_profile()));
  }

  static void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
  }

  // A finding of an earlier campaign in this directory. What it still shows is known, with the driver as it is now.
  void read_finding(const fs::path& file) {
    try {
      const Scenario scenario = read_scenario(file.string(), driver_profile());
      const IsolatedRun run = run_to_expected(scenario);
      if (run.verdict.outcome == Outcome::clean) return;
      const std::string summary = summary_of(run.verdict, driver_image());
      if (!known_.insert({summary, file}).second) return;
      if (!fs::exists(with_ending(file, ".txt"))) write_file(with_ending(file, ".txt"), report_of(file));
      if (!options_.keep_going) return;
      known_places_.insert({run.verdict.what, run.verdict.place});
      found_.push_back({run.verdict.outcome, summary, file, "", true});
    } catch (const UserError& error) {
      output_.say(fmt::format("wdmfuzz: {}; left as it is", error.what()));
    }
  }

  // ---- workers

  void start_all() {
    for (unsigned i = 0; i < options_.jobs; ++i) start(i);
  }

  void start(unsigned number) {
    store_.begin_worker(number);
    const std::uint64_t seed = options_.seed + number + starts_++ / options_.jobs * options_.jobs;
    workers_[start_worker(options_, number, seed, known_places_, progress_)] = number;
  }

  bool time_is_over() const { return options_.seconds && seconds_since(start_) >= options_.seconds; }

  bool done() const { return interrupted || time_is_over() || stop_; }

  // What has to be done often, also while a finding is minimised.
  void tend() {
    share_now_and_then();
    collect();
    if (!options_.afl_target.empty()) judge_caught();  // AFL++'s workers go on after a crash
    if (done()) stop_workers();
    output_.progress(facts());
  }

  void share_now_and_then() {
    const double now = seconds_since(start_);
    if (now - shared_at_ < kShareSeconds) return;
    shared_at_ = now;
    store_.share();
  }

  void collect() {
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = workers_.find(pid);
      if (found == workers_.end()) continue;
      const unsigned number = found->second;
      workers_.erase(found);
      progress_.retire(number);
      // Workers that die together are collected together: each artifact accounts for one death.
      const std::size_t collected = judge_caught();
      unclaimed_ += collected;
      if (collected) silent_deaths_ = 0;
      if (unclaimed_)
        --unclaimed_;
      else
        note_silent_death(number, status);
      if (!done()) start(number);
    }
  }

  void note_silent_death(unsigned number, int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {  // -runs=N of the user
      stop_ = true;
      return;
    }
    if (++silent_deaths_ < kMaxSilentDeaths) return;
    output_.say(fmt::format("EMU BUG: worker processes end without a finding; see {}",
                            (options_.out / "log" / fmt::format("worker-{}.log", number)).string()));
    failure_ = kExitEmuBug;
    stop_ = true;
  }

  void stop_workers() {
    if (workers_.empty()) return;
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
    store_.share();
  }

  // ---- findings

  // Runs what has been caught once more. Returns how much of it is new.
  std::size_t judge_caught() {
    for (const fs::path& input : store_.caught()) judge(input);
    return store_.newly_caught();
  }

  bool waits(const fs::path& input) const {
    return std::any_of(caught_.begin(), caught_.end(), [&](const Caught& caught) { return caught.input == input; });
  }

  void judge(const fs::path& input) {
    if (waits(input)) return;
    const Scenario scenario = input_scenario(read_file(input));
    IsolatedRun run = run_isolated(scenario, known_places_);
    if (!happens_again(run)) {
      // Another worker's finding by now, or what memory that a known finding reads made of it: nothing of its own.
      if (const Verdict verdict = run_isolated(scenario).verdict; is_known(verdict))
        put_away(input, summary_of(verdict, driver_image()));
      else
        keep_unreproducible(input);
      return;
    }
    std::string summary = summary_of(run.verdict, driver_image());
    KnownPlaces passed = known_places_;
    known_places_.insert({run.verdict.what, run.verdict.place});
    if (options_.keep_going && leads_past(scenario, run.verdict)) store_.keep(input);
    const bool first = reported_.insert(summary).second && !(options_.keep_going && known_.contains(summary));
    if (first)
      caught_.push_back({input, std::move(run), std::move(summary), std::move(passed)});
    else
      put_away(input, summary);
  }

  // A fault inside the kernel ends every process that runs into it: a worker would never get through such a corpus.
  bool leads_past(const Scenario& scenario, const Verdict& verdict) const {
    return !(run_isolated(scenario, known_places_).verdict == verdict);
  }

  bool is_known(const Verdict& verdict) const { return known_places_.contains({verdict.what, verdict.place}); }

  bool happens_again(const IsolatedRun& run) const {
    if (run.verdict.outcome == Outcome::clean) return false;
    return known_places_.empty() || run_isolated(run.scenario, known_places_).verdict == run.verdict;
  }

  // The input of a finding that is written already: beside it when it is the first.
  void put_away(const fs::path& input, const std::string& summary) {
    const auto known = known_.find(summary);
    const fs::path beside = known == known_.end() ? input : with_ending(known->second, ".input");
    if (fs::exists(beside))
      fs::remove(input);
    else
      fs::rename(input, beside);
  }

  void keep_unreproducible(const fs::path& input) {
    const fs::path kept = store_.free_stem("unreproducible").string() + ".input";
    fs::rename(input, kept);
    output_.say(fmt::format("EMU BUG: a finding did not happen again; its input is kept as {}", kept.string()));
    failure_ = kExitEmuBug;
    stop_ |= !options_.keep_going;
  }

  // More may be caught while one is minimised.
  void report_caught() {
    while (!caught_.empty()) {
      // A limit is no reason to stop: another schedule of the same driver may say more.
      stop_ |= !options_.keep_going && caught_.front().run.verdict.outcome != Outcome::limit;
      if (stop_) stop_workers();
      report(caught_.front());
      caught_.pop_front();
    }
  }

  // In this order, so that after a kill in between the next campaign finds either the input, or the scenario, or both.
  void report(const Caught& caught) {
    const auto known = known_.find(caught.summary);
    const bool again = known != known_.end();
    const fs::path file = again ? known->second : minimised(caught);
    CampaignFinding finding{caught.run.verdict.outcome, caught.summary, file, "", again};
    finding.report = report_of(file);
    if (!again) write_file(with_ending(file, ".txt"), finding.report, Existing::replace);
    known_.insert({caught.summary, file});
    put_away(caught.input, caught.summary);
    output_.finding(finding);
    found_.push_back(std::move(finding));
  }

  fs::path minimised(const Caught& caught) {
    output_.caught(caught.summary);
    Scenario scenario = caught.run.scenario;
    try {
      scenario = minimized(scenario, caught.run.verdict, driver_image(), kMinimizeSeconds, caught.passed, [this] {
        if (!workers_.empty()) tend();
        return !interrupted;
      });
    } catch (const std::runtime_error& error) {  // what is read past a block may be another thing each time
      output_.say(fmt::format("wdmfuzz: {}: {}; kept as it is", caught.summary, error.what()));
    }
    scenario.expect = caught.summary;
    const fs::path file = store_.free_stem(file_word(caught.run.verdict.what)).string() + ".scn";
    write_file(file, to_text(scenario));
    return file;
  }

  static std::string report_of(const fs::path& file) {
    return text_report(read_scenario(file.string(), driver_profile()),
                       fmt::format("{} replay {} {}", program_as_typed(), driver_argument(), file.string()));
  }

  static fs::path with_ending(fs::path file, const char* ending) { return file.replace_extension(ending); }

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
    facts.interleavings = progress_.interleavings();
    facts.corpus = store_.corpus_size();
    facts.findings = found_.size();
    if (options_.seconds) facts.left_seconds = std::max(0.0, options_.seconds - facts.elapsed_seconds);
    return facts;
  }

  int worst_outcome() const {
    const auto has = [&](Outcome outcome) {
      return std::any_of(found_.begin(), found_.end(), [&](const auto& f) { return f.outcome == outcome; });
    };
    for (const Outcome outcome : {Outcome::driver_bug, Outcome::emu_bug, Outcome::not_emulated, Outcome::limit})
      if (has(outcome)) return exit_code(outcome);
    return failure_;
  }

  CampaignResult finish() {
    CampaignEnd end{facts(), worst_outcome(), interrupted != 0};
    end.facts.executions_per_second =
        static_cast<double>(end.facts.counts.executions) / std::max(0.001, end.facts.elapsed_seconds);
    output_.end(end, found_);
    return {std::move(found_), end.exit_code};
  }

  const CampaignOptions& options_;
  CampaignStore store_;
  SharedProgress progress_;
  CampaignOutput output_;
  Clock::time_point start_;
  std::map<pid_t, unsigned> workers_;
  std::uint64_t starts_ = 0;
  unsigned silent_deaths_ = 0;
  std::size_t unclaimed_ = 0;  // artifacts whose worker has not been seen to end
  bool stop_ = false;
  int failure_ = 0;
  std::map<std::string, fs::path> known_;  // SUMMARY -> scenario, of earlier campaigns and of this one
  std::set<std::string> reported_;         // SUMMARYs of this campaign
  KnownPlaces known_places_;
  std::deque<Caught> caught_;
  std::vector<CampaignFinding> found_;
  double rate_ = 0, rate_time_ = 0, shared_at_ = 0;
  std::uint64_t rate_count_ = 0;
};

}  // namespace

CampaignResult run_campaign(const CampaignOptions& options) { return Campaign(options).run(); }

}  // namespace wdm
