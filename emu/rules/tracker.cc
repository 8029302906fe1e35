#include "emu/rules/tracker.h"

#include <algorithm>

#include "emu/trace/ddi_numbers.h"

namespace wdm {

Tracker::Tracker() : rules_(make_rules()) {
  for (const RuleInfo& rule : all_rules()) enabled_.push_back(rule.level != Level::advice);
  list_calls();
  list_by_kind();
}

void Tracker::list_calls() {
  constexpr std::uint8_t kIrqls = 32;
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    const Rule& one = *rules_[rule];
    if ((one.interests() & interest(EVENT_DdiEnter)) == 0) continue;
    for (std::uint16_t ddi = 0; ddi < DDI_COUNT; ++ddi) {
      std::uint32_t irqls = 0;
      for (std::uint8_t irql = 0; irql < kIrqls; ++irql)
        if (one.wants_call(ddi, irql)) irqls |= 1u << irql;
      if (irqls != 0) calls_.push_back({rule, ddi, irqls});
    }
  }
}

void Tracker::list_by_kind() {
  wanted_kinds_ = Ledger::interests() | interest(EVENT_Violation);
  for (std::uint16_t kind = 0; kind < EVENT_COUNT; ++kind) {
    by_kind_[kind].clear();
    for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
      const bool listens = (rules_[rule]->interests() & interest(kind)) != 0;
      const bool listed = std::ranges::find(by_kind_[kind], rules_[rule].get()) != by_kind_[kind].end();
      if (listens && enabled_[rule] && !listed) by_kind_[kind].push_back(rules_[rule].get());
    }
    if (!by_kind_[kind].empty()) wanted_kinds_ |= interest(kind);
  }
  wanted_calls_.fill(0);
  for (auto& wanting : by_call_) wanting.clear();
  for (const WantedCall& call : calls_) {
    auto& wanting = by_call_[call.ddi];
    Rule* rule = rules_[call.rule].get();
    if (!enabled_[call.rule] || std::ranges::find(wanting, rule, &CallRule::rule) != wanting.end()) continue;
    wanting.push_back({rule, call.irqls});
    wanted_calls_[call.ddi] |= call.irqls;
  }
}

void Tracker::reset() {
  for (const auto& rule : rules_) rule->reset();
  ledger_.reset();
  findings_.clear();
}

const std::vector<Finding>& Tracker::on(const Trace& trace, std::uint32_t index) {
  findings_.clear();
  const Event& event = trace.events[index];
  const std::uint16_t kind = event.kind;
  if (kind >= EVENT_COUNT) return findings_;  // a stored trace may be from a newer version
  if (kind == EVENT_DdiEnter) {
    for (const CallRule& one : by_call_[event.ddi])
      if ((one.irqls >> (event.irql & 31) & 1) != 0) one.rule->on(trace, index, ledger_, findings_);
  } else {
    for (Rule* rule : by_kind_[kind]) rule->on(trace, index, ledger_, findings_);
  }
  if (kind == EVENT_Violation) report_violation(trace, index);
  if (!findings_.empty()) std::erase_if(findings_, [&](const Finding& finding) { return !enabled(finding.rule); });
  ledger_.apply(trace, index);
  return findings_;
}

std::vector<Finding> Tracker::judge(const Trace& trace) {
  reset();
  std::vector<Finding> all;
  for (std::uint32_t index = 0; index < trace.events.size(); ++index) {
    // As the machine does it. A stored trace may be from a newer version.
    const Event& event = trace.events[index];
    if (event.kind >= EVENT_COUNT || (event.kind == EVENT_DdiEnter && event.ddi >= DDI_COUNT)) continue;
    if (ignores(event)) continue;
    const std::vector<Finding>& found = on(trace, index);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

bool Tracker::enable(std::string_view name, bool enabled) {
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    if (all_rules()[rule].name != name) continue;
    if (enabled) rules_[rule]->reset();
    enabled_[rule] = enabled;
    list_by_kind();
    return true;
  }
  return false;
}

void Tracker::report_violation(const Trace& trace, std::uint32_t index) {
  const Event& event = trace.events[index];
  if (event.arg >= rules_.size()) return;
  const auto rule = static_cast<RuleId>(event.arg);
  const bool has_note = event.arg2 > 0 && event.arg2 <= trace.notes.size();
  findings_.push_back(
      {rule, has_note ? trace.notes[event.arg2 - 1] : std::string(rule_info(rule).sentence), index, {}});
}

}  // namespace wdm
