// IoAllocateComplete, IoBuildFsdComplete, IoAllocateForward, IoBuildFsdForward: an IRP that the driver made for itself is sent with a
// completion routine, which takes it back, and is not completed by its maker.
// Documentation: "<Name> rule (wdm)" of each. Bug check 0xC9, 0x239 for the first two; at the end of the IRP's way up also 0xA.
//
// Checks:
// 1. Complete: the driver does not complete an IRP of IoAllocateIrp (IoInitializeIrp) or IoBuildAsynchronousFsdRequest.
// 2. Forward: such an IRP is not passed down before a completion routine is set.
//
// Narrowed: an IRP that one of the driver's own devices was given may be completed there, whoever made it; and one with a
// completion routine that has not run yet may be completed, as if somebody below had done so.
#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

struct Member {
  RuleId rule;
  bool fsd;       // of IoBuildAsynchronousFsdRequest, else of IoAllocateIrp
  bool forward;
};

constexpr Member kMembers[] = {{RuleId::IoAllocateComplete, false, false},
                               {RuleId::IoBuildFsdComplete, true, false},
                               {RuleId::IoAllocateForward, false, true},
                               {RuleId::IoBuildFsdForward, true, true}};

const Member& member_of(RuleId rule) {
  for (const Member& member : kMembers)
    if (member.rule == rule) return member;
  return kMembers[0];
}

class OwnIrpRule final : public Rule {
 public:
  explicit OwnIrpRule(RuleId rule) : member_(member_of(rule)) {}
  std::uint64_t interests() const override { return interest(member_.forward ? EVENT_IrpForward : EVENT_IrpComplete); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const IrpState& irp = ledger.irp(event.object);
    if (!made_so(irp) || event.site == kNoSite || irp.dispatched != 0 || irp.owner != IrpOwner::driver) return;
    const bool has_routine = irp.completion_set > irp.back || (member_.forward && ForwardCall(event.arg).has_completion_routine);
    if (has_routine) return;
    findings.push_back({member_.rule,
                        label_text(trace, event.object) + ", which the driver made with " + std::string(ddi_name(irp.origin)) +
                            (member_.forward ? ", is passed down without a completion routine" : ", is completed by its maker"),
                        index, {{irp.created - 1, "made"}}});
  }

 private:
  bool made_so(const IrpState& irp) const {
    if (member_.fsd) return irp.origin == DDI_IoBuildAsynchronousFsdRequest;
    return irp.origin == DDI_IoAllocateIrp || irp.origin == DDI_IoInitializeIrp;
  }

  const Member& member_;
};

}  // namespace

std::shared_ptr<Rule> make_own_irp(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<OwnIrpRule>(rule);
}

}  // namespace wdm
