// The list of rules, from rules.def.
#include "emu/rules/rule.h"

#include <map>

namespace wdm {

#define RULE(name, file, level, bug_check, sentence, title) \
  std::unique_ptr<Rule> make_##file();                      \
  std::shared_ptr<Rule> make_##file(RuleId, const std::shared_ptr<Rule>& earlier);
#include "emu/rules/rules.def"
#undef RULE

namespace {

constexpr std::string_view kFiles[] = {
#define RULE(name, file, level, bug_check, sentence, title) #file,
#include "emu/rules/rules.def"
#undef RULE
};

// A file that several lines name holds a family of rules.
constexpr bool is_family(std::string_view file) {
  int lines = 0;
  for (const std::string_view one : kFiles) lines += one == file;
  return lines > 1;
}

}  // namespace

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
  std::vector<std::shared_ptr<Rule>> rules;
  std::map<std::string_view, std::shared_ptr<Rule>> families;  // by file
#define RULE(name, file, level, bug_check, sentence, title)                 \
  rules.push_back([&]<bool family>() -> std::shared_ptr<Rule> {             \
    if constexpr (!family) return make_##file();                            \
    else return families[#file] = make_##file(RuleId::name, families[#file]); \
  }.template operator()<is_family(#file)>());
#include "emu/rules/rules.def"
#undef RULE
  return rules;
}

}  // namespace wdm
