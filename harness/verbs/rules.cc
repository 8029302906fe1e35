// wdmfuzz rules: what is checked. With names: what these rules say, with a wrong and a right piece of code for each.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

#include "emu/rules/rule.h"
#include "harness/painter.h"
#include "harness/report_words.h"
#include "harness/rule_examples.h"
#include "harness/rule_settings.h"
#include "harness/verbs/verbs.h"

namespace wdm {

namespace {

struct ListedRule {
  const RuleInfo* rule;
  const RuleExample* example;
};

// In the order of the examples, so that a group's rules stand together. A test knows that no rule is missing.
std::vector<ListedRule> listed_rules() {
  std::vector<ListedRule> rules;
  for (const RuleExample& example : rule_examples())
    for (const RuleInfo& rule : all_rules())
      if (rule.name == example.rule) rules.push_back({&rule, &example});
  return rules;
}

const ListedRule& find_rule(const std::string& typed, const std::vector<ListedRule>& rules) {
  for (const ListedRule& listed : rules)
    if (boost::iequals(listed.rule->name, typed)) return listed;
  throw UserError(unknown_rule(typed));
}

const char* level_text(Level level) {
  switch (level) {
    case Level::fatal: return "fatal: a run ends with it";
    case Level::harmless: return "harmless: a run may go on when it is known already";
    case Level::advice: return "advice: correct drivers break it too, judged only when asked for";
  }
  return "";
}

bool is_microsofts(const RuleInfo* rule) { return rule->title.starts_with(fmt::format("{} rule", rule->name)); }
bool is_advice(const RuleInfo* rule) { return rule->level == Level::advice; }
const char* mark(const RuleInfo& rule) { return is_advice(&rule) ? "(advice) " : ""; }

std::string summary(const std::vector<ListedRule>& rules) {
  const auto count = [&](auto is) { return std::ranges::count_if(rules, is, &ListedRule::rule); };
  return fmt::format("{} rules, {} of them Microsoft's, {} advice\n", rules.size(), count(is_microsofts),
                     count(is_advice));
}

// ---- the list

std::size_t widest_name(const std::vector<ListedRule>& rules, std::string_view group) {
  std::size_t width = 0;
  for (const ListedRule& listed : rules)
    if (listed.example->group == group) width = std::max(width, listed.rule->name.size());
  return width;
}

std::string line(const RuleInfo& rule, std::size_t width, const Painter& paint) {
  constexpr std::size_t kBugCheckWidth = sizeof("0xC4, 0x00040009") - 1;
  return fmt::format("  {} {} {}{}\n", paint.bold(fmt::format("{:<{}}", rule.name, width)),
                     paint.dim(fmt::format("{:<{}}", rule.bug_check, kBugCheckWidth)), paint.yellow(mark(rule)),
                     rule.sentence);
}

std::string row(const RuleInfo& rule) {
  return fmt::format("| `{}` | {} | {}{} | {} |\n", rule.name, rule.bug_check, mark(rule), rule.sentence, rule.title);
}

std::string heading(const std::string& group, bool markdown, const Painter& paint) {
  if (!markdown) return paint.green(group) + "\n";
  return fmt::format("## {}\n\n| rule | bug check | what it says | documentation |\n|---|---|---|---|\n", group);
}

std::string list(const std::vector<ListedRule>& rules, bool markdown, const Painter& paint) {
  std::string text, group;
  for (const ListedRule& listed : rules) {
    if (listed.example->group != group) {
      if (!group.empty()) text += '\n';
      group = listed.example->group;
      text += heading(group, markdown, paint);
    }
    text += markdown ? row(*listed.rule) : line(*listed.rule, widest_name(rules, group), paint);
  }
  return text + "\n" + summary(rules);
}

// ---- one rule

std::string indented(std::string_view code, const Painter& paint) {
  std::string text;
  while (!code.empty()) {
    const std::string_view all = code.substr(0, code.find('\n'));
    const std::size_t comment = std::min(all.find("//"), all.size());
    text += fmt::format("    {}{}\n", all.substr(0, comment), paint.red(all.substr(comment)));
    code.remove_prefix(all.size() + 1);
  }
  return text;
}

// Lines that begin with `bullet`.
std::string facts(const ListedRule& listed, const char* bullet) {
  const RuleInfo& rule = *listed.rule;
  const std::string bug_check(rule.bug_check);
  std::string text = fmt::format("{}group: {}\n", bullet, listed.example->group);
  text += fmt::format("{}level: {}\n", bullet, level_text(rule.level));
  if (!bug_check.empty()) text += fmt::format("{}bug check: {}\n", bullet, bug_check_text(bug_check));
  if (!rule.title.empty()) text += fmt::format("{}documentation: \"{}\"\n", bullet, rule.title);
  return text;
}

std::string explain(const ListedRule& listed, const Painter& paint) {
  return fmt::format("{}\n  {}\n{}", paint.bold(listed.rule->name), listed.rule->sentence, facts(listed, "  ")) +
         fmt::format("\n  {}\n{}", paint.red("bad"), indented(listed.example->bad, paint)) +
         fmt::format("\n  {}\n{}", paint.green("good"), indented(listed.example->good, paint));
}

std::string explain_markdown(const ListedRule& listed) {
  return fmt::format("## {}\n\n{}\n\n{}", listed.rule->name, listed.rule->sentence, facts(listed, "* ")) +
         fmt::format("\nBad:\n\n```c\n{}```\n\nGood:\n\n```c\n{}```\n", listed.example->bad, listed.example->good);
}

}  // namespace

int verb_rules(const Options& options) {
  const Painter paint(!options.markdown && ::isatty(1) ? Colour::on : Colour::off);
  const std::vector<ListedRule> rules = listed_rules();
  std::string text;
  if (options.names.empty()) text = list(rules, options.markdown, paint);
  for (const std::string& name : options.names) {
    const ListedRule& listed = find_rule(name, rules);
    if (!text.empty()) text += '\n';
    text += options.markdown ? explain_markdown(listed) : explain(listed, paint);
  }
  write_output(options, text);
  return kExitClean;
}

}  // namespace wdm
