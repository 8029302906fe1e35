#include "emu/rules/irql_at_return.h"

#include <algorithm>

#include "emu/rules/text.h"

namespace wdm {
namespace {

bool changes_irql(const Event& event) {
  return (event.kind == EVENT_IrqlRaise || event.kind == EVENT_IrqlLower) && event.arg != event.arg2;
}

std::uint32_t last_change(const Trace& trace, std::uint32_t entered, std::uint32_t left) {
  const std::uint8_t thread = trace.events[left].thread;
  for (std::uint32_t index = left; index-- > entered;) {
    const Event& event = trace.events[index];
    if (event.thread == thread && event.site != kNoSite && changes_irql(event)) return index;
  }
  return left;
}

}  // namespace

void judge_irql_at_return(RuleId rule, std::string_view note, const Trace& trace, std::uint32_t index,
                          const Ledger& ledger, std::vector<Finding>& findings) {
  const Event& event = trace.events[index];
  const auto activations = ledger.activations(event.thread);
  if (activations.empty() || activations.back().return_irql == event.irql) return;
  const Activation& routine = activations.back();
  const bool holds_lock = std::ranges::any_of(ledger.held(), [&](const HeldLock& held) {
    return held.thread == event.thread && !ledger.interrupted(held) &&
           (held.event > routine.event || routine.callback == CALLBACK_Cancel);
  });
  if (holds_lock) return;

  Finding finding{rule,
                  std::string(callback_name(event.arg2)) + " returns at " + irql_text(event.irql) + " instead of " +
                      irql_text(routine.return_irql) + std::string(note),
                  last_change(trace, routine.event, index),
                  {{routine.event, "called at " + irql_text(trace.events[routine.event].irql)}}};
  if (finding.event != index) finding.evidence.push_back({index, "returns at " + irql_text(event.irql)});
  findings.push_back(std::move(finding));
}

}  // namespace wdm
