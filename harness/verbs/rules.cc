// wdmfuzz rules: what is checked.

#include <fmt/format.h>

#include "emu/rules/rule.h"
#include "harness/report_words.h"
#include "harness/verbs/verbs.h"

namespace wdm {

namespace {

std::string plain(const RuleInfo& rule) {
  std::string text = fmt::format("{}\n    {}\n", rule.name, rule.sentence);
  if (!rule.bug_check.empty()) text += fmt::format("    bug check {}\n", bug_check_text(std::string(rule.bug_check)));
  if (!rule.title.empty()) text += fmt::format("    documentation: \"{}\"\n", rule.title);
  return text;
}

std::string row(const RuleInfo& rule) {
  return fmt::format("| `{}` | {} | {} | {} |\n", rule.name, rule.bug_check, rule.sentence, rule.title);
}

}  // namespace

int verb_rules(const Options& options) {
  std::string text;
  if (options.markdown) text = "| rule | bug check | what it says | documentation |\n|---|---|---|---|\n";
  for (const RuleInfo& rule : all_rules()) text += options.markdown ? row(rule) : plain(rule);
  write_output(options, text);
  return kExitClean;
}

}  // namespace wdm
