// CancelRoutineStillSet: IoCompleteRequest is not called while the IRP's cancel routine is still set.
// Documentation: "Implementing a cancel routine". Bug check 0xC9, 0x07.
//
// Checks:
// 1. When an IRP is completed, its cancel routine is null. The kernel saw the field itself, so a routine stored without
//    IoSetCancelRoutine counts as well.
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class CancelRoutineStillSetRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrpComplete); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.arg2 != 1) return;
    Finding finding{RuleId::CancelRoutineStillSet,
                    label_text(trace, event.object) + " completed while its cancel routine is still set", index, {}};
    if (const std::uint32_t set = ledger.irp(event.object).cancel_set; set != 0) {
      finding.evidence.push_back({set - 1, "set the cancel routine"});
    }
    findings.push_back(std::move(finding));
  }
};

}  // namespace

std::unique_ptr<Rule> make_cancel_routine_still_set() { return std::make_unique<CancelRoutineStillSetRule>(); }

}  // namespace wdm
