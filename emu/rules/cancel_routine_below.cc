// ForwardedWithCancelRoutine, CancelRoutineSetBelow: an IRP that is below has no cancel routine of the driver's.
// Documentation: "Canceling IRPs". Bug check 0xC9, 0x203 and 0x229.
//
// Checks:
// 1. ForwardedWithCancelRoutine: no cancel routine is set when an IRP is passed down.
// 2. CancelRoutineSetBelow: none is set while it is below.
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class CancelRoutineBelowRule final : public Rule {
 public:
  explicit CancelRoutineBelowRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override {
    return interest(rule_ == RuleId::ForwardedWithCancelRoutine ? EVENT_IrpForward : EVENT_IrpSetCancel);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const IrpState& irp = ledger.irp(event.object);
    if (event.kind == EVENT_IrpForward) {
      if (!ForwardCall(event.arg).has_cancel_routine) return;
      Finding finding{rule_, label_text(trace, event.object) + " passed down while its cancel routine is still set", index, {}};
      if (irp.cancel_set != 0) finding.evidence.push_back({irp.cancel_set - 1, "set the cancel routine"});
      findings.push_back(std::move(finding));
    } else if (event.arg != 0 && event.site != kNoSite && irp.owner == IrpOwner::below) {
      findings.push_back({rule_, "cancel routine set for " + label_text(trace, event.object) + ", which is pending below", index,
                          {{irp.forwarded - 1, "passed down"}}});
    }
  }

 private:
  RuleId rule_;
};

}  // namespace

std::shared_ptr<Rule> make_cancel_routine_below(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<CancelRoutineBelowRule>(rule);
}

}  // namespace wdm
