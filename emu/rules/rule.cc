// The list of rules, from rules.def.
#include "emu/rules/rule.h"

#include <map>

namespace wdm {

#define RULE(name, file, level, bug_check, sentence, title) std::unique_ptr<Rule> make_##file();
#include "emu/rules/rules.def"
#undef RULE

const std::vector<RuleInfo>& all_rules() {
  static const std::vector<RuleInfo> rules = {
#define RULE(name, file, level, bug_check, sentence, title) {#name, Level::level, bug_check, sentence, title},
#include "emu/rules/rules.def"
#undef RULE
  };
  return rules;
}

const RuleInfo& rule_info(RuleId rule) { return all_rules()[static_cast<std::size_t>(rule)]; }

std::vector<std::shared_ptr<Rule>> make_rules() {
  std::map<std::string_view, std::shared_ptr<Rule>> made;  // by file
  std::vector<std::shared_ptr<Rule>> rules;
  const auto add = [&](std::string_view file, std::unique_ptr<Rule> (*make)()) {
    std::shared_ptr<Rule>& rule = made[file];
    if (!rule) rule = make();
    rules.push_back(rule);
  };
#define RULE(name, file, level, bug_check, sentence, title) add(#file, make_##file);
#include "emu/rules/rules.def"
#undef RULE
  return rules;
}

}  // namespace wdm
