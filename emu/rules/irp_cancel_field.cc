// IrpCancelField: after IoSetCancelRoutine on an IRP that it pends, a driver looks at Irp->Cancel.
// Documentation: "IrpCancelField rule (wdm)". Bug check 0xC4, 0x135.
//
// Checks:
// 1. No IRP is left at the end of the run that was cancelled before its cancel routine was set, and still has it: who cancelled it
//    has come and gone, and nobody will call the routine.
//
// The page wants the field to be read; a read is no event, what comes of not reading it is. Other IRPs that are left over are
// IrpNeverCompleted's.
#include "emu/rules/irp_cancel_field.h"

#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class IrpCancelFieldRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_EndIrp); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& end = trace.events[index];
    const IrpState& irp = ledger.irp(end.object);
    if (!cancel_field_missed(end, irp)) return;
    findings.push_back({RuleId::IrpCancelField,
                        label_text(trace, end.object) +
                            " was cancelled before its cancel routine was set, and Irp->Cancel was not looked at after that",
                        irp.cancel_set - 1, {{irp.cancelled - 1, "cancelled"}, {index, "still pending"}}});
  }
};

}  // namespace

bool cancel_field_missed(const Event& end, const IrpState& irp) {
  const bool routine_set = (end.arg & 1) != 0, cancelled = end.arg2 == 1;
  return routine_set && cancelled && irp.cancelled != 0 && irp.cancelled < irp.cancel_set;
}

std::unique_ptr<Rule> make_irp_cancel_field() { return std::make_unique<IrpCancelFieldRule>(); }

}  // namespace wdm
