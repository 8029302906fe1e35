// WithinCriticalRegion: an executive resource is acquired and released only while normal kernel APCs are off.
// Documentation: "WithinCriticalRegion rule (wdm)". Bug check 0xC4, 0x37 (acquire) and 0x38 (release).
//
// Checks: none from events. The kernel, which knows what disables APCs, sees it in the resource's routine and says so in a
// Violation event.
//
// Narrowed: the page wants KeEnterCriticalRegion. A guarded region, an owned KMUTEX, APC_LEVEL and a system thread do as well.
#include "emu/rules/rule.h"

namespace wdm {

std::unique_ptr<Rule> make_within_critical_region() { return std::make_unique<SaidByTheKernel>(); }

}  // namespace wdm
