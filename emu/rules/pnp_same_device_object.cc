// PnpSameDeviceObject: IoAttachDeviceToDeviceStack is given a device object as its target.
// Documentation: "PnpSameDeviceObject rule (wdm)". Bug check 0xC9, 0x04.
//
// Checks: none from events. The kernel sees it in IoAttachDeviceToDeviceStack and IoAttachDeviceToDeviceStackSafe, and says so in
// a Violation event: the target was never a device object, or its memory is free.
//
// Narrowed: a target that is a device object, but not the one given to AddDevice, is fine: filters attach to named devices.
#include "emu/rules/rule.h"

namespace wdm {

std::unique_ptr<Rule> make_pnp_same_device_object() { return std::make_unique<SaidByTheKernel>(); }

}  // namespace wdm
