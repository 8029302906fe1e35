// Runs the suite and then prints the ratios that matter: absolute times mean little on a shared machine. The best of a
// benchmark's repetitions counts, since others can only slow it down.

#include <benchmark/benchmark.h>
#include <unistd.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace {

class RatioReporter : public benchmark::ConsoleReporter {
 public:
  using ConsoleReporter::ConsoleReporter;
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.error_occurred) failed = true;
      const auto rate = run.counters.find("items_per_second");
      if (run.run_type == Run::RT_Aggregate || rate == run.counters.end()) continue;
      double& best = rates[run.run_name.function_name];
      best = std::max(best, static_cast<double>(rate->second));
    }
  }

  void print_ratios() const {
    const auto ratio = [&](const char* what, const char* a, const char* b, double aim, const char* unit) {
      if (rates.contains(a) && rates.contains(b))
        fmt::print("{:<58} {:>12.2f}   aim {}{}\n", what, rates.at(a) / rates.at(b), aim, unit);
    };
    fmt::print("\n");
    ratio("empty target / driver life cycle (executions)", "EmptyTarget", "DriverLifeCycle", 8, " or less, not above 20");
    ratio("raw Boost.Context switch / ours (switches)", "RawSwitch", "FiberSwitch", 1.5, " or less");
    ratio("the same with AddressSanitizer annotations / ours", "AnnotatedSwitch", "FiberSwitch", 1.5, " or less");
    if (rates.contains("PointWithoutSwitch"))
      fmt::print("{:<58} {:>12.2f}   aim 5\n", "scheduling point without a switch, ns", 1e9 / rates.at("PointWithoutSwitch"));
    const auto rate = [&](const char* what, const char* a, double aim) {
      if (!rates.contains(a) || !rates.contains("EmptyTarget")) return;
      fmt::print("{:<58} {:>12.0f}   {:.2f} of an empty target's executions, aim {:.3f}\n", what, rates.at(a),
                 rates.at(a) / rates.at("EmptyTarget"), aim);
    };
    rate("schedules per second in the fuzzer, 2 threads x 1", "FuzzerSchedules2x1", 2'500'000.0 / 800'000);
    rate("schedules per second in the fuzzer, 4 threads x 8", "FuzzerSchedules4x8", 200'000.0 / 800'000);
  }

  bool failed = false;

 private:
  std::map<std::string, double> rates;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  RatioReporter reporter(isatty(1) ? benchmark::ConsoleReporter::OO_Color : benchmark::ConsoleReporter::OO_None);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratios();
  return reporter.failed ? 1 : 0;
}
