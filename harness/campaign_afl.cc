#include "harness/campaign_afl.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "harness/campaign_store.h"
#include "harness/campaign_worker.h"
#include "harness/cli.h"
#include "harness/cli_process.h"
#include "harness/driver_info.h"
#include "harness/driver_profile.h"
#include "harness/mutate.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kPollMicroseconds = 200'000;
constexpr unsigned kInputMilliseconds = 20'000;  // the target's own watchdog comes first
constexpr char kProgressVariable[] = "WDMFUZZ_PROGRESS";

volatile sig_atomic_t stopped = 0;
void on_stop(int) { stopped = 1; }

std::string instance(unsigned number) { return fmt::format("worker-{}", number); }

// One directory for all workers: there they look for each other's inputs.
fs::path shared_directory(const CampaignOptions& options) { return options.out / "afl"; }

// afl-fuzz wants an input to begin with.
fs::path seeds(const CampaignOptions& options, unsigned number, std::uint64_t seed) {
  if (!fs::is_empty(options.out / "corpus")) return options.out / "corpus";
  const fs::path directory = shared_directory(options) / fmt::format("seeds-{}", number);
  fs::create_directories(directory);
  write_file(directory / "random", encode(random_scenario(seed, driver_profile()), driver_profile()), Existing::replace);
  return directory;
}

void set_environment(const CampaignOptions& options, unsigned number, const fs::path& profile, const SharedProgress& progress) {
  const std::pair<const char*, std::string> variables[] = {
      {"AFL_NO_UI", "1"},
      {"AFL_SKIP_CPUFREQ", "1"},
      {"AFL_NO_AFFINITY", "1"},
      {"AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "1"},  // of a core_pattern that pipes: it costs time only
      {"AFL_IGNORE_UNKNOWN_ENVS", "1"},
      {"AFL_SKIP_CRASHES", "1"},
      {"AFL_IGNORE_SEED_PROBLEMS", "1"},
      {"AFL_DISABLE_TRIM", "1"},  // bytes are records; minimising is ours
      {"AFL_CUSTOM_MUTATOR_LIBRARY", options.afl_mutator.string()},
      {"AFL_CUSTOM_MUTATOR_ONLY", "1"},
      {"WDMFUZZ_PROFILE", profile.string()},
      {"ASAN_OPTIONS", "abort_on_error=1:symbolize=0:detect_leaks=0:detect_stack_use_after_return=0:"
                       "allocator_may_return_null=1:detect_odr_violation=0"},
      {kProgressVariable, fmt::format("{} {} {}", progress.file(), progress.edges(), number)}};
  for (const auto& [name, value] : variables) ::setenv(name, value.c_str(), 1);
}

std::vector<std::string> arguments(const CampaignOptions& options, unsigned number, std::uint64_t seed) {
  std::vector<std::string> words = {"afl-fuzz", "-m", "none", "-t", fmt::format("{}", kInputMilliseconds),
                                    "-s", fmt::format("{}", seed & 0x7fffffff), "-i", seeds(options, number, seed).string(),
                                    "-o", shared_directory(options).string(), number == 0 ? "-M" : "-S", instance(number)};
  words.insert(words.end(), options.engine_flags.begin(), options.engine_flags.end());
  // libAFLDriver's only argument: how many inputs a process runs before it is made anew.
  for (const std::string& word : {std::string("--"), options.afl_target.string(), std::string("-100000")}) words.push_back(word);
  return words;
}

void redirect_output(const fs::path& log) {
  const int fd = ::open(log.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0666);
  ::dup2(fd, 1);
  ::dup2(fd, 2);
}

// afl-fuzz's output directory of one worker: gives out each new file once, as a file named by its content.
class Carrier {
 public:
  Carrier(fs::path from, fs::path to, std::string prefix) : from_(std::move(from)), to_(std::move(to)), prefix_(std::move(prefix)) {}

  void carry() {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(from_, error)) {
      const std::string name = entry.path().filename().string();
      if (!is_own(name) || !done_.insert(name).second) continue;
      const std::string content = read_text(entry.path());
      write_file(to_ / (prefix_ + content_hash(content)), content, Existing::replace);
    }
  }

 private:
  // "id:000012,src:000003,...": not what it was given, nor what another worker found.
  static bool is_own(const std::string& name) {
    return name.starts_with("id:") && name.find("orig:") == name.npos && name.find("sync:") == name.npos;
  }

  fs::path from_, to_;
  std::string prefix_;
  std::set<std::string> done_;
};

pid_t start_afl(const CampaignOptions& options, unsigned number, std::uint64_t seed, const SharedProgress& progress) {
  const fs::path profile = shared_directory(options) / fmt::format("profile-{}.json", number);
  write_file(profile, profile_to_text(driver_profile()), Existing::replace);
  const auto words = arguments(options, number, seed);
  const pid_t self = ::getpid(), pid = ::fork();
  if (pid != 0) return pid;
  die_with_parent(self, SIGTERM);
  ::signal(SIGTERM, SIG_DFL);
  redirect_output(options.out / "log" / fmt::format("worker-{}.log", number));
  ::fcntl(progress.file(), F_SETFD, 0);  // the target inherits it
  set_environment(options, number, profile, progress);
  replace_process(words);
  std::perror("afl-fuzz");
  ::_exit(127);
}

bool ended(pid_t pid, int& status, int flags) { return ::waitpid(pid, &status, flags) == pid; }

int supervise(const CampaignOptions& options, unsigned number, std::uint64_t seed, SharedProgress& progress) {
  const fs::path output = shared_directory(options) / instance(number);
  fs::create_directories(shared_directory(options));
  fs::remove_all(output);  // what was worth keeping is in the corpus
  Carrier inputs(output / "queue", CampaignStore::work(options.out, number), "");
  Carrier crashes(output / "crashes", options.out / "findings", "crash-");
  const pid_t afl = start_afl(options, number, seed, progress);
  int status = 0;
  bool running = true;
  while (running && !stopped) {
    ::usleep(kPollMicroseconds);
    running = !ended(afl, status, WNOHANG);
    inputs.carry();
    crashes.carry();
  }
  if (running) {
    ::kill(afl, SIGTERM);
    while (!ended(afl, status, 0) && errno == EINTR) {
    }
    inputs.carry();
    crashes.carry();
    return 0;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

void work_with_afl(const CampaignOptions& options, unsigned number, std::uint64_t seed, SharedProgress& progress) {
  ::signal(SIGINT, SIG_IGN);  // the parent decides
  struct sigaction action {};
  action.sa_handler = on_stop;
  ::sigaction(SIGTERM, &action, nullptr);
  int code = 1;
  try {
    code = supervise(options, number, seed, progress);
  } catch (const std::exception& error) {
    fmt::print(stderr, "wdmfuzz: {}\n", error.what());
  }
  ::_exit(code);
}

AttachedProgress attached_progress() {
  const char* const variable = std::getenv(kProgressVariable);
  int fd = -1;
  std::size_t edges = 0;
  AttachedProgress attached;
  if (!variable || std::sscanf(variable, "%d %zu %u", &fd, &edges, &attached.worker) != 3) return {};
  // The two builds of the driver have the same places to count; were it otherwise, only the inputs would be counted.
  attached.progress = new SharedProgress(fd, edges);
  return attached;
}

}  // namespace wdm
