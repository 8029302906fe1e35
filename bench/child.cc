#include "bench/child.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace wdm::bench {

namespace fs = std::filesystem;

Finished run_child(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const auto& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[1]);
  Finished finished;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) finished.output.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) < 0 || status != 0) return finished;
  const auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  finished.seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  return finished;
}

void measure_target(benchmark::State& state, std::vector<std::string> command, std::uint64_t count, std::uint64_t items) {
  for (auto _ : state) {
    command.push_back("-runs=1");
    const double start = run_child(command).seconds;
    command.back() = "-runs=" + std::to_string(count);
    const double whole = run_child(command).seconds;
    command.pop_back();
    if (start < 0 || whole < 0) return state.SkipWithError(("cannot run " + command[0]).c_str());
    state.SetIterationTime(std::max(whole - start, 1e-9));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count * items));
}

void best_of_five(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseManualTime()->Iterations(1)->Repetitions(5)->Unit(benchmark::kMillisecond);
}

std::string sample_executable(const std::string& name) {
  const Finished built = run_child({WDMFUZZ_CLI, "build", name});
  return built.seconds < 0 ? "" : built.output.substr(0, built.output.find('\n'));
}

std::vector<std::string> samples(bool seeded) {
  const fs::path root = WDMFUZZ_SOURCE_DIR;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root / "harness" / "drivers"))
    if (entry.is_directory() && fs::exists(root / "corpus" / entry.path().filename() / "found") == seeded)
      names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace wdm::bench
