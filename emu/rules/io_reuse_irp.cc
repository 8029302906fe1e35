// IoReuseIrp, IoReuseIrp2: IoReuseIrp is called only for IRPs that the driver made with IoAllocateIrp, and that it has.
// Documentation: "IoReuseIrp rule (wdm)", "IoReuseIrp2 rule (wdm)". Bug check 0xC9, 0x311 (in use: 0x310).
//
// Checks:
// 1. IoReuseIrp: the IRP was not made with one of the IoBuild routines or IoMakeAssociatedIrp, and is not below at the moment.
// 2. IoReuseIrp2: the IRP is not one that the driver was given.
//
// Narrowed: an IRP in memory of the driver's own (IoInitializeIrp) is as good as one of IoAllocateIrp.
#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class IoReuseIrpRule final : public Rule {
 public:
  explicit IoReuseIrpRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override { return interest(EVENT_IrpCreate); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const IrpState& irp = ledger.irp(event.object);
    if (event.ddi != DDI_IoReuseIrp || irp.created == 0) return;
    const bool given = irp.origin == DDI_None;
    if (given != (rule_ == RuleId::IoReuseIrp2)) return;
    const bool allocated = irp.origin == DDI_IoAllocateIrp || irp.origin == DDI_IoInitializeIrp;
    if (allocated && irp.owner != IrpOwner::below) return;
    const std::string what = given       ? ", which the driver was given"
                             : allocated ? ", which is still below"
                                         : ", which was made with " + std::string(ddi_name(irp.origin));
    Finding finding{rule_, "IoReuseIrp called for " + label_text(trace, event.object) + what, index, {}};
    if (allocated) finding.evidence.push_back({irp.forwarded - 1, "passed down"});
    else finding.evidence.push_back({irp.created - 1, given ? "created" : "made"});
    findings.push_back(std::move(finding));
  }

 private:
  RuleId rule_;
};

}  // namespace

std::shared_ptr<Rule> make_io_reuse_irp(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<IoReuseIrpRule>(rule);
}

}  // namespace wdm
