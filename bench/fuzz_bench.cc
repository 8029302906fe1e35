// Inside libFuzzer: an empty target, a driver's life cycle and its calls, and schedules of the comparison workload.

#include <fmt/format.h>

#include <cstdio>

#include "bench/child.h"

namespace {

using namespace wdm::bench;

const std::vector<std::string> kFlags = {"-seed=1", "-detect_leaks=0"};  // as campaigns run it

std::vector<std::string> with_flags(std::vector<std::string> command) {
  command.insert(command.end(), kFlags.begin(), kFlags.end());
  return command;
}

void EmptyTarget(benchmark::State& state) { measure_target(state, with_flags({WDMFUZZ_EMPTY_TARGET}), 1'000'000, 1); }
BENCHMARK(EmptyTarget)->Apply(best_of_five);

void DriverLifeCycle(benchmark::State& state) {
  measure_target(state, with_flags({WDMFUZZ_EVENTLIKE, "fixed-input", WDMFUZZ_EVENTLIKE_INPUT}), 50'000, 1);
}
BENCHMARK(DriverLifeCycle)->Apply(best_of_five);

// The same without rules and without what they share.
void DriverWithoutRules(benchmark::State& state) {
  measure_target(state, with_flags({WDMFUZZ_EVENTLIKE, "fixed-input", WDMFUZZ_EVENTLIKE_INPUT, "no-rules"}), 50'000, 1);
}
BENCHMARK(DriverWithoutRules)->Apply(best_of_five);

void FuzzerSchedules2x1(benchmark::State& state) {
  measure_target(state, with_flags({WDMFUZZ_SCHEDULES_2X1}), 10'000, 64);
}
BENCHMARK(FuzzerSchedules2x1)->Apply(best_of_five);

void FuzzerSchedules4x8(benchmark::State& state) {
  measure_target(state, with_flags({WDMFUZZ_SCHEDULES_4X8}), 600, 64);
}
BENCHMARK(FuzzerSchedules4x8)->Apply(best_of_five);

// A scenario of one thread that opens, sends so many requests that the driver rejects at once, and closes.
std::string calls_scenario(std::int64_t calls) {
  std::string text = "wdmfuzz 1\ndriver eventlike\ncpus 2\n1: T1 open h1\n";
  for (std::int64_t i = 0; i < calls - 2; ++i) text += fmt::format("{}: T1 ioctl h1 0x2220fc\n", i + 2);
  text += fmt::format("{}: T1 close h1\nschedule directed\n", calls);
  const std::string path = fmt::format("{}/calls-{}.scn", WDMFUZZ_BENCH_DIR, calls);
  if (FILE* f = std::fopen(path.c_str(), "w")) {
    std::fputs(text.c_str(), f);
    std::fclose(f);
  }
  return path;
}

// The same life cycle with more and more calls in it: items are calls.
void DriverCalls(benchmark::State& state) {
  const auto calls = state.range(0);
  measure_target(state, with_flags({WDMFUZZ_EVENTLIKE, "fixed-input", calls_scenario(calls)}),
                 static_cast<std::uint64_t>(400'000 / (calls + 16)), static_cast<std::uint64_t>(calls));
}
BENCHMARK(DriverCalls)->RangeMultiplier(8)->Range(8, 512)->Apply(best_of_five);

}  // namespace
