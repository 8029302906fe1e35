// RequestedPowerIrp: NULL is passed as the Irp parameter of PoRequestPowerIrp.
// Documentation: "RequestedPowerIrp rule (wdm)". Bug check 0xC4, 0x0004100B.
//
// Checks: none from events. The kernel sees the parameter and says so in a Violation event.
//
// Narrowed: for IRP_MN_WAIT_WAKE the IRP may be asked for, as the page of PoRequestPowerIrp says: it is cancelled by it.
#include "emu/rules/rule.h"

namespace wdm {

std::unique_ptr<Rule> make_requested_power_irp() { return std::make_unique<SaidByTheKernel>(); }

}  // namespace wdm
