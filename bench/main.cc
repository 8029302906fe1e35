// Runs the suite and then prints the ratios that matter: absolute times mean little on a shared machine. The best of a
// benchmark's repetitions counts, since others can only slow it down.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "bench/table.h"

namespace {

// "Jobs/1/iterations:1/repeats:3/manual_time" is "Jobs/1" to a reader.
std::string short_name(const benchmark::BenchmarkReporter::Run& run) {
  const auto& name = run.run_name;
  return name.args.empty() ? name.function_name : name.function_name + "/" + name.args;
}

class RateReporter : public benchmark::ConsoleReporter {
 public:
  using ConsoleReporter::ConsoleReporter;
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      failed |= run.error_occurred;
      if (run.error_occurred || run.run_type == Run::RT_Aggregate) continue;
      for (const auto& [counter, value] : run.counters) {
        if (counter != "items_per_second") {
          rates[short_name(run) + ":" + counter] = value;
          continue;
        }
        double& best = rates[short_name(run)];
        best = std::max(best, static_cast<double>(value));
      }
    }
  }

  wdm::bench::Rates rates;
  bool failed = false;
};

// Takes --write-table=FILE out of the arguments; the rest is the library's.
std::string take_table_file(int& argc, char** argv) {
  constexpr std::string_view kFlag = "--write-table=";
  std::string file;
  argc = static_cast<int>(std::remove_if(argv + 1, argv + argc,
                                         [&](char* argument) {
                                           if (!std::string_view(argument).starts_with(kFlag)) return false;
                                           file = argument + kFlag.size();
                                           return true;
                                         }) -
                          argv);
  return file;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string table = take_table_file(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  RateReporter reporter(isatty(1) ? benchmark::ConsoleReporter::OO_Color : benchmark::ConsoleReporter::OO_None);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  const auto rows = wdm::bench::ratios(reporter.rates);
  if (!rows.empty()) fmt::print("\n");
  for (const auto& row : rows) {
    const std::string aim = row.aim.empty() ? "" : "   aim " + row.aim;
    fmt::print("{:<48} {}{}\n", row.what, row.value, aim);
  }
  if (!table.empty() && !wdm::bench::write_table(table, wdm::bench::markdown(reporter.rates))) {
    fmt::print(stderr, "{}: no lines <!-- table --> and <!-- end of table -->, or not writable\n", table);
    return 2;
  }
  return reporter.failed ? 1 : 0;
}
