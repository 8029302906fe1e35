#include "harness/rule_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <sstream>

#include "emu/rules/rule.h"

namespace wdm {

namespace {

constexpr std::string_view kWords[] = {"on", "off", "suppress"};

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
  std::string nearest;
  for (const RuleInfo& rule : all_rules()) {
    if (rule.name == name) return "";
    if (boost::icontains(rule.name, name) || boost::icontains(name, rule.name)) nearest += " " + std::string(rule.name);
  }
  const std::string also = nearest.empty() ? "" : "; there is" + nearest;
  return fmt::format("there is no rule '{}'{}; see ./wdmfuzz rules", name, also);
}

}  // namespace wdm
