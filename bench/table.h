// The ratios that matter, from the rates of one run of the suite.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace wdm::bench {

// What a suite measured: the best items per second of each benchmark by its name, and counters as `name:counter`.
using Rates = std::map<std::string, double>;

struct Row {
  std::string what;
  std::string value;
  std::string aim;
};
// Only rows whose benchmarks have run.
std::vector<Row> ratios(const Rates& rates);
// Median number of runs until each seeded sample's bug is found: sample, then one column per strategy.
std::vector<std::vector<std::string>> searches(const Rates& rates);

// Both as Markdown.
std::string markdown(const Rates& rates);
// Replaces what stands between the lines `<!-- table -->` and `<!-- end of table -->` of `file`. False when they are not there.
bool write_table(const std::string& file, const std::string& markdown);

}  // namespace wdm::bench
