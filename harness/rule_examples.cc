#include "harness/rule_examples.h"

namespace wdm {

namespace {

// Raw strings of the table begin with the line feed after their opening parenthesis.
std::string_view code(std::string_view text) { return text.substr(text.starts_with('\n')); }

std::vector<RuleExample> make_examples() {
  std::vector<RuleExample> examples;
  std::string_view group;
#define GROUP(title) group = title;
#define EXAMPLE(rule, bad, good) examples.push_back({#rule, group, code(bad), code(good)});
#include "harness/rule_examples.def"
#undef GROUP
#undef EXAMPLE
  return examples;
}

}  // namespace

const std::vector<RuleExample>& rule_examples() {
  static const std::vector<RuleExample> examples = make_examples();
  return examples;
}

}  // namespace wdm
