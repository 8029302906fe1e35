#include "harness/campaign_worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <pthread.h>
#include <unistd.h>

#include "fuzz/target.h"
#include "harness/campaign_afl.h"
#include "harness/campaign_store.h"
#include "harness/cli_process.h"
#include "harness/driver_info.h"
#include "harness/report_crash.h"

extern "C" {
int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*callback)(const std::uint8_t* data, std::size_t size));
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// The driver's coverage counters: nothing else in this executable is compiled with coverage.
[[gnu::weak]] extern std::uint8_t __start___sancov_cntrs[];
[[gnu::weak]] extern std::uint8_t __stop___sancov_cntrs[];
}

namespace wdm {

namespace {

constexpr unsigned kMaxInputBytes = 4096;
constexpr unsigned kMemoryMiB = 2560;

struct Worker {
  SharedProgress* progress = nullptr;
  unsigned number = 0;
  Counts before;  // of the processes that were this worker before this one
};
Worker worker;

// A missing DDI or a limit that the campaign knows.
bool known_end(const RunResult& result) {
  if (result.outcome == Outcome::emu_bug) return false;
  const Verdict verdict = verdict_of(last_trace(), result, driver_image());
  return is_passed_over(verdict.what, verdict.place);
}

int one_input(const std::uint8_t* data, std::size_t size) {
  set_running({data, size});
  const int result = LLVMFuzzerTestOneInput(data, size);
  if (!worker.progress) return result;
  const TargetStats& stats = target_stats();
  worker.progress->publish(worker.number, worker.before + Counts{stats.executions, stats.effective, stats.schedules},
                           coverage_edges() == worker.progress->edges() ? __start___sancov_cntrs : nullptr);
  return result;
}

std::vector<std::string> engine_arguments(const CampaignOptions& options, std::uint64_t seed) {
  std::vector<std::string> arguments = {
      "wdmfuzz",
      fmt::format("-seed={}", seed & 0xffffffff),
      fmt::format("-artifact_prefix={}/", (options.out / "findings").string()),
      fmt::format("-max_len={}", kMaxInputBytes),
      fmt::format("-rss_limit_mb={}", kMemoryMiB),
      "-reload=1",
      "-detect_leaks=0",   // fibers hide pointers; leaks of the driver are a rule of ours
      "-use_value_profile=0",
      "-timeout=600"};     // loops are the watchdog's business
  arguments.insert(arguments.end(), options.engine_flags.begin(), options.engine_flags.end());
  arguments.push_back(CampaignStore::work(options.out, worker.number).string());
  arguments.push_back((options.out / "corpus").string());
  return arguments;
}

void redirect_output(const std::filesystem::path& log) {
  const int fd = ::open(log.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
  ::dup2(fd, 1);
  ::dup2(fd, 2);
}

[[noreturn]] void work(const CampaignOptions& options, std::uint64_t seed, const KnownPlaces& known) {
  ::signal(SIGINT, SIG_IGN);   // the parent decides
  ::signal(SIGTERM, SIG_DFL);  // libFuzzer installs its handler only where there is none
  redirect_output(options.out / "log" / fmt::format("worker-{}.log", worker.number));
  pass_over(known);
  if (passes_over()) go_on_when(known_end);
  const auto arguments = engine_arguments(options, seed);
  std::vector<char*> pointers;
  for (const std::string& a : arguments) pointers.push_back(const_cast<char*>(a.c_str()));
  pointers.push_back(nullptr);
  ::_exit(run_engine(static_cast<int>(arguments.size()), pointers.data()));
}

}  // namespace

pid_t start_worker(const CampaignOptions& options, unsigned number, std::uint64_t seed, const KnownPlaces& known,
                   SharedProgress& progress) {
  const pid_t self = ::getpid(), pid = ::fork();
  if (pid != 0) return pid;
  die_with_parent(self, SIGKILL);
  if (!options.afl_target.empty()) work_with_afl(options, number, seed, progress);
  worker = {&progress, number, {}};
  share_interleavings(progress.interleaving_map());
  work(options, seed, known);
}

namespace {

void watch() {
  CrashHooks hooks;
  hooks.under_engine = true;
  watch_for_crashes(std::move(hooks));
}

// A fork server's child: it has no timer, and counts from zero.
void begin_again() {
  watch();
  worker.before = worker.progress->of(worker.number);
}

}  // namespace

int run_engine(int argc, char** argv) {
  watch();
  if (const AttachedProgress attached = attached_progress(); attached.progress) {
    worker.progress = attached.progress;
    worker.number = attached.worker;
    share_interleavings(worker.progress->interleaving_map());
    ::pthread_atfork(nullptr, nullptr, begin_again);
  }
  return LLVMFuzzerRunDriver(&argc, &argv, one_input);
}

std::size_t coverage_edges() {
  return __start___sancov_cntrs ? static_cast<std::size_t>(__stop___sancov_cntrs - __start___sancov_cntrs) : 0;
}

}  // namespace wdm
