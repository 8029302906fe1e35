// Whole processes: executions per second of an empty libFuzzer target and of a driver's life cycle, and the schedules per
// second inside the fuzzer. Measured in processor time of the child, so other load on the machine matters little.

#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>


namespace {

// Processor seconds the command took, or a negative number when it failed.
double processor_seconds(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const auto& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    if (!std::freopen("/dev/null", "w", stderr) || !std::freopen("/dev/null", "w", stdout)) _exit(127);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) < 0 || status != 0) return -1;
  const auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Runs `command` with -runs=1 and -runs=count at its end: the difference is the cost of the executions alone.
void child(benchmark::State& state, std::vector<std::string> command, std::uint64_t count, std::uint64_t items) {
  for (auto _ : state) {
    command.push_back("-runs=1");
    const double start = processor_seconds(command);
    command.back() = "-runs=" + std::to_string(count);
    const double whole = processor_seconds(command);
    command.pop_back();
    if (start < 0 || whole < 0) return state.SkipWithError(("cannot run " + command[0]).c_str());
    state.SetIterationTime(std::max(whole - start, 1e-9));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count * items));
}

void best_of_five(benchmark::internal::Benchmark* b) {
  b->UseManualTime()->Iterations(1)->Repetitions(5)->ReportAggregatesOnly(false)->Unit(benchmark::kMillisecond);
}

void EmptyTarget(benchmark::State& state) {
  child(state, {WDMFUZZ_EMPTY_TARGET, "-seed=1", "-detect_leaks=0"}, 1'000'000, 1);
}
BENCHMARK(EmptyTarget)->Apply(best_of_five);

void DriverLifeCycle(benchmark::State& state) {
  child(state, {WDMFUZZ_EVENTLIKE, "fixed-input", WDMFUZZ_EVENTLIKE_INPUT, "-seed=1", "-detect_leaks=0"}, 50'000, 1);
}
BENCHMARK(DriverLifeCycle)->Apply(best_of_five);

void FuzzerSchedules2x1(benchmark::State& state) {
  child(state, {WDMFUZZ_SCHEDULES_2X1, "-seed=1", "-detect_leaks=0"}, 10'000, 64);
}
BENCHMARK(FuzzerSchedules2x1)->Apply(best_of_five);

void FuzzerSchedules4x8(benchmark::State& state) {
  child(state, {WDMFUZZ_SCHEDULES_4X8, "-seed=1", "-detect_leaks=0"}, 600, 64);
}
BENCHMARK(FuzzerSchedules4x8)->Apply(best_of_five);

}  // namespace
