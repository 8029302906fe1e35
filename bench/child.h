// Benchmarks of whole processes, measured in processor time of the child, so that other load on the machine matters little.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wdm::bench {

// What the command wrote to its standard output, and the processor seconds it took; negative when it failed.
struct Finished {
  double seconds = -1;
  std::string output;
};
Finished run_child(const std::vector<std::string>& command);

// A libFuzzer target: runs it once with -runs=1 and once with -runs=`count`; the difference is the cost of the executions,
// each of which is `items` things.
void measure_target(benchmark::State& state, std::vector<std::string> command, std::uint64_t count, std::uint64_t items);

// One measurement is one iteration, five times.
void best_of_five(benchmark::internal::Benchmark* benchmark);

// The executable of a sample driver, built when needed; "" when it does not build.
std::string sample_executable(const std::string& name);
// Names of the samples that have a case in the corpus: those with a seeded bug; or the others.
std::vector<std::string> samples(bool seeded);

}  // namespace wdm::bench
