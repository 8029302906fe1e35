// The list of rules, from rules.def.
#include "emu/rules/rule.h"

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

std::vector<std::unique_ptr<Rule>> make_rules() {
  std::vector<std::unique_ptr<Rule>> rules;
#define RULE(name, file, level, bug_check, sentence, title) rules.push_back(make_##file());
#include "emu/rules/rules.def"
#undef RULE
  return rules;
}

}  // namespace wdm
