// RequestedPowerIrp: NULL is passed as the Irp parameter of PoRequestPowerIrp.
// Documentation: "RequestedPowerIrp rule (wdm)". Bug check 0xC4, 0x0004100B.
//
// Checks: none from events. The kernel sees the parameter and says so in a Violation event.
//
// Narrowed: for IRP_MN_WAIT_WAKE the IRP may be asked for, as the page of PoRequestPowerIrp says: it is cancelled by it.
#include "emu/rules/rule.h"

namespace wdm {
namespace {

class RequestedPowerIrpRule final : public Rule {
 public:
  std::uint64_t interests() const override { return 0; }
  void reset() override {}
  void on(const Trace&, std::uint32_t, const Ledger&, std::vector<Finding>&) override {}
};

}  // namespace

std::unique_ptr<Rule> make_requested_power_irp() { return std::make_unique<RequestedPowerIrpRule>(); }

}  // namespace wdm
