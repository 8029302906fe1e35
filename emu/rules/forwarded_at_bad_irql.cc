// ForwardedAtBadIrql, ForwardedAtBadIrqlAllocate, ForwardedAtBadIrqlFsdAsync, ForwardedAtBadIrqlFsdSync: at DISPATCH_LEVEL only power,
// read, write and device control requests are passed down.
// Documentation: "<Name> rule (wdm)" of each. Bug check 0xC9, 0x23A.
//
// Checks:
// 1. IoCallDriver (PoCallDriver) at DISPATCH_LEVEL is given an IRP of IRP_MJ_POWER, IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_DEVICE_CONTROL or
//    IRP_MJ_INTERNAL_DEVICE_CONTROL. Who speaks is a matter of how the IRP was made: ForwardedAtBadIrql of one that the driver was given.
//
// Above DISPATCH_LEVEL no IRP is passed down: IrqlContract's.
#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

constexpr bool at_dispatch_level(std::uint8_t function) {
  return function == major::kRead || function == major::kWrite || function == major::kDeviceControl ||
         function == major::kInternalDeviceControl || function == major::kPower;
}

RuleId speaker(std::uint16_t origin) {
  switch (origin) {
    case DDI_IoAllocateIrp:
    case DDI_IoInitializeIrp: return RuleId::ForwardedAtBadIrqlAllocate;
    case DDI_IoBuildAsynchronousFsdRequest: return RuleId::ForwardedAtBadIrqlFsdAsync;
    case DDI_IoBuildSynchronousFsdRequest: return RuleId::ForwardedAtBadIrqlFsdSync;
    default: return RuleId::ForwardedAtBadIrql;
  }
}

class ForwardedAtBadIrqlRule final : public Rule {
 public:
  explicit ForwardedAtBadIrqlRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override { return interest(EVENT_IrpForward); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const IrpState& irp = ledger.irp(event.object);
    if (event.irql != kDispatchLevel || event.site == kNoSite || irp.gone != 0) return;
    const std::uint8_t function = ForwardCall(event.arg).major;
    if (at_dispatch_level(function) || speaker(irp.origin) != rule_) return;
    findings.push_back({rule_,
                        label_text(trace, event.object) + " with major function " + hex_text(function) +
                            " passed down at DISPATCH_LEVEL",
                        index, {}});
  }

 private:
  RuleId rule_;
};

}  // namespace

std::shared_ptr<Rule> make_forwarded_at_bad_irql(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<ForwardedAtBadIrqlRule>(rule);
}

}  // namespace wdm
