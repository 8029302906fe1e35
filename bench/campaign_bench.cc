// Campaigns as a whole: what a second job brings, what a sample driver's life costs, and how many runs of a driver each
// strategy needs to find a seeded bug when nothing but chance guides it.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/child.h"

namespace {

using namespace wdm::bench;

// The last event of a campaign, or null.
nlohmann::json campaign(const std::string& driver, unsigned seconds, std::int64_t jobs) {
  const std::string out = fmt::format("{}/campaign-{}", WDMFUZZ_BENCH_DIR, jobs);
  std::filesystem::remove_all(out);
  const Finished finished = run_child({WDMFUZZ_CLI, "fuzz", driver, "--json", "--seed", "11", "--time", std::to_string(seconds), "--jobs",
                                       std::to_string(jobs), "--out", out});
  std::istringstream lines(finished.output);
  std::string last;
  for (std::string line; std::getline(lines, line);) last = line;
  return nlohmann::json::parse(last, nullptr, false);
}

// In real time, since the question is what a second processor brings. With one seed, since inputs of different campaigns
// cost different times.
void Jobs(benchmark::State& state) {
  constexpr unsigned kSeconds = 15;
  std::int64_t executions = 0;
  for (auto _ : state) {
    const auto end = campaign("packetio", kSeconds, state.range(0));
    if (!end.contains("executions")) return state.SkipWithError("the campaign says nothing");
    executions += end["executions"].get<std::int64_t>();
    state.SetIterationTime(end["seconds"].get<double>());
  }
  state.SetItemsProcessed(executions);
}
BENCHMARK(Jobs)->Arg(1)->Arg(2)->UseManualTime()->Iterations(1)->Repetitions(3)->Unit(benchmark::kSecond);

// Runs of the driver until something is found: `found N` or `nothing in N`.
struct Search {
  bool found = false;
  std::uint64_t runs = 0;
  double seconds = 0;
};
Search search(const std::string& executable, const std::string& strategy, unsigned seed, std::uint64_t limit) {
  const Finished finished = run_child({executable, "until-found", strategy, std::to_string(seed), std::to_string(limit)});
  Search result;
  result.found = finished.output.starts_with("found ");
  const auto number = finished.output.find_last_of(' ');
  if (number != std::string::npos) result.runs = std::strtoull(finished.output.c_str() + number, nullptr, 10);
  result.seconds = finished.seconds;
  return result;
}

// A clean sample: its whole life from DriverEntry to unload, under random schedules of random requests.
void SampleLifeCycle(benchmark::State& state, const std::string& sample) {
  constexpr std::uint64_t kRuns = 20'000;
  const std::string executable = sample_executable(sample);
  std::uint64_t runs = 0;
  for (auto _ : state) {
    const Search start = search(executable, "random", 1, 1), whole = search(executable, "random", 1, kRuns);
    if (start.found || whole.found || whole.runs < kRuns) return state.SkipWithError("does not run clean");
    runs += whole.runs;
    state.SetIterationTime(std::max(whole.seconds - start.seconds, 1e-9));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(runs));
}

// The median of three seeds, as counter `runs`; what is not found within the limit counts as the limit.
void UntilFound(benchmark::State& state, const std::string& sample, const std::string& strategy) {
  constexpr std::uint64_t kLimit = 50'000;
  const std::string executable = sample_executable(sample);
  std::vector<std::uint64_t> runs;
  unsigned missed = 0;
  for (auto _ : state)
    for (unsigned seed = 1; seed <= 3; ++seed) {
      const Search result = search(executable, strategy, seed, kLimit);
      if (result.runs == 0) return state.SkipWithError("cannot run the driver");
      runs.push_back(result.runs);
      missed += !result.found;
    }
  std::sort(runs.begin(), runs.end());
  state.counters["runs"] = static_cast<double>(runs[runs.size() / 2]);
  state.counters["missed"] = missed;
}

const bool registered = [] {
  for (const std::string& sample : samples(false))
    benchmark::RegisterBenchmark(("SampleLifeCycle/" + sample).c_str(), SampleLifeCycle, sample)->Apply(best_of_five);
  for (const std::string& sample : samples(true))
    for (const std::string strategy : {"random", "pos", "site"})
      benchmark::RegisterBenchmark(("UntilFound/" + sample + "/" + strategy).c_str(), UntilFound, sample, strategy)
          ->Iterations(1)
          ->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace
