#include "harness/rule_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <numeric>
#include <sstream>
#include <tuple>

#include "emu/rules/rule.h"

namespace wdm {

namespace {

constexpr std::string_view kWords[] = {"on", "off", "suppress"};

// Single characters to insert, to drop or to replace.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string rule_settings_text(const std::vector<RuleSetting>& settings) {
  std::string text;
  for (const RuleSetting& setting : settings)
    text += fmt::format("{} {} {}\n", kWords[static_cast<int>(setting.kind)], setting.rule, setting.function);
  return text;
}

std::vector<RuleSetting> rule_settings_from(std::string_view text) {
  std::vector<RuleSetting> settings;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    RuleSetting setting;
    std::string word;
    std::istringstream(line) >> word >> setting.rule >> setting.function;
    const auto known = std::find(std::begin(kWords), std::end(kWords), word);
    if (known == std::end(kWords)) continue;
    setting.kind = static_cast<RuleSetting::Kind>(known - std::begin(kWords));
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::string unknown_rule(std::string_view name) {
  std::vector<std::tuple<bool, std::size_t, std::string_view>> nearest;  // not contained, how far, name
  const std::string typed = boost::to_lower_copy(std::string(name));
  for (const RuleInfo& rule : all_rules()) {
    if (rule.name == name) return "";
    const std::string known = boost::to_lower_copy(std::string(rule.name));
    nearest.emplace_back(known.find(typed) == known.npos, edit_distance(typed, known), rule.name);
  }
  std::ranges::sort(nearest);
  return fmt::format("there is no rule '{}'; nearest are {}, {} and {}; see ./wdmfuzz rules", name, std::get<2>(nearest[0]),
                     std::get<2>(nearest[1]), std::get<2>(nearest[2]));
}

}  // namespace wdm
