#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace wdm::bench {

namespace {

class Rows {
 public:
  explicit Rows(const Rates& rates) : rates_(rates) {}

  bool have(const std::string& name) const { return rates_.contains(name); }
  double rate(const std::string& name) const { return rates_.at(name); }

  void add(const char* what, const std::string& value, const char* aim) { rows.push_back({what, value, aim}); }
  // How many times faster a is than b.
  void ratio(const char* what, const char* a, const char* b, const char* aim) {
    if (have(a) && have(b)) add(what, fmt::format("{:.2f}", rate(a) / rate(b)), aim);
  }
  void nanoseconds(const char* what, const char* a, const char* aim) {
    if (have(a)) add(what, fmt::format("{:.1f} ns", 1e9 / rate(a)), aim);
  }
  void per_second(const char* what, const char* a, const char* aim) {
    if (have(a) && have("EmptyTarget"))
      add(what, fmt::format("{:.0f}/s, {:.2f} of an empty target's executions", rate(a), rate(a) / rate("EmptyTarget")), aim);
  }
  // Slowest over fastest of all benchmarks with that prefix.
  void spread(const char* what, const std::string& prefix, const char* aim) {
    double lowest = INFINITY, highest = 0;
    unsigned n = 0;
    for (auto i = rates_.lower_bound(prefix); i != rates_.end() && i->first.starts_with(prefix); ++i, ++n) {
      lowest = std::min(lowest, i->second);
      highest = std::max(highest, i->second);
    }
    if (n > 1) add(what, fmt::format("{:.2f}", highest / lowest), aim);
  }
  // What the items beyond the first cost, between two sizes of a run.
  double cost(const std::string& name, double small, double large) const {
    const auto time = [&](double n) { return n / rate(fmt::format("{}/{:.0f}", name, n)); };
    return (time(large) - time(small)) / (large - small);
  }

  std::vector<Row> rows;

 private:
  const Rates& rates_;
};

}  // namespace

std::vector<Row> ratios(const Rates& rates) {
  Rows r(rates);
  r.ratio("empty target / driver life cycle, executions", "EmptyTarget", "DriverLifeCycle", "8 or less, not above 20");
  r.ratio("raw Boost.Context / fiber switch, switches", "RawSwitch", "FiberSwitch", "1.5 or less");
  r.nanoseconds("scheduling point without a switch", "PointWithoutSwitch", "5 ns");
  r.per_second("schedules in the fuzzer, 2 threads x 1", "FuzzerSchedules2x1", "3.125");
  r.per_second("schedules in the fuzzer, 4 threads x 8", "FuzzerSchedules4x8", "0.25");
  r.spread("cost per step, 2 to 32 processors", "GrowthByCpus/", "1.2 or less");
  r.spread("cost per step, 8 to 512 calls", "GrowthByCalls/", "1.2 or less");
  if (r.have("DriverCalls/8") && r.have("DriverCalls/64") && r.have("DriverCalls/512")) {
    const double few = r.cost("DriverCalls", 8, 64), many = r.cost("DriverCalls", 64, 512);
    r.add("an IRP through a driver and back", fmt::format("{:.0f} ns", 1e9 * many), "");
    r.add("the same among 512 calls / among 64", fmt::format("{:.2f}", many / few), "1.2 or less");
  }
  r.ratio("driver without rules / with all rules, executions", "DriverWithoutRules", "DriverLifeCycle", "1.25 or less");
  r.ratio("two jobs / one job, executions", "Jobs/2", "Jobs/1", "1.9 or more");
  if (r.have("Rule/all") && r.have("Rule/none"))
    r.add("all rules, per event", fmt::format("{:.1f} ns", 1e9 / r.rate("Rule/all") - 1e9 / r.rate("Rule/none")), "");
  return r.rows;
}

std::vector<std::vector<std::string>> searches(const Rates& rates) {
  std::map<std::string, std::map<std::string, double>> runs;
  for (const auto& [name, value] : rates) {
    if (!name.starts_with("UntilFound/") || !name.ends_with(":runs")) continue;
    std::istringstream words(name.substr(0, name.size() - 5));
    std::string prefix, sample, strategy;
    std::getline(std::getline(std::getline(words, prefix, '/'), sample, '/'), strategy, '/');
    const auto missed = rates.find(name.substr(0, name.size() - 4) + "missed");
    runs[sample][strategy] = missed != rates.end() && missed->second >= 2 ? INFINITY : value;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [sample, by_strategy] : runs) {
    rows.push_back({sample});
    for (const char* strategy : {"random", "pos", "site"}) {
      const auto found = by_strategy.find(strategy);
      const double value = found == by_strategy.end() ? INFINITY : found->second;
      rows.back().push_back(std::isinf(value) ? "not found" : fmt::format("{:.0f}", value));
    }
  }
  return rows;
}

std::string markdown(const Rates& rates) {
  std::string text;
  if (const auto rows = ratios(rates); !rows.empty()) {
    text += "| what | measured | aim |\n|---|---|---|\n";
    for (const Row& row : rows) text += fmt::format("| {} | {} | {} |\n", row.what, row.value, row.aim);
  }
  if (const auto rows = searches(rates); !rows.empty()) {
    text += "\nRuns of the driver until its seeded bug is found by chance (median of three seeds, at most 50,000):\n\n"
            "| sample | random | pos | site |\n|---|---|---|---|\n";
    for (const auto& row : rows) text += fmt::format("| {} |\n", fmt::join(row, " | "));
  }
  return text;
}

bool write_table(const std::string& file, const std::string& markdown) {
  constexpr std::string_view kBegin = "<!-- table -->\n", kEnd = "<!-- end of table -->";
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto begin = text.find(kBegin), end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
  text.replace(begin + kBegin.size(), end - begin - kBegin.size(), markdown);
  in.close();
  std::ofstream out(file, std::ios::trunc);
  out << text;
  return static_cast<bool>(out.flush());
}

}  // namespace wdm::bench
