// A wrong and a right piece of a driver for every rule, and the group in which the rule is listed.
#pragma once

#include <string_view>
#include <vector>

namespace wdm {

struct RuleExample {
  std::string_view rule;   // name as in rules.def
  std::string_view group;  // "Locks"
  std::string_view bad;    // C statements, each line ends with a line feed; "//" marks the line that breaks the rule
  std::string_view good;   // the same without the mistake
};

// In the order of rule_examples.def: grouped.
const std::vector<RuleExample>& rule_examples();

}  // namespace wdm
