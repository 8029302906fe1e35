// PagedCode: pageable code runs only below DISPATCH_LEVEL.
// Documentation: "PagedCode rule (wdm)". Bug check 0xD3 (DRIVER_PORTION_MUST_BE_NONPAGED).
//
// Checks: none from events. The kernel sees it in PAGED_CODE and at the entry of functions in sections named PAGE...
// (#pragma alloc_text), and says so in a Violation event.
//
// Narrowed: while a section is locked by MmLockPagableCodeSection, no function is looked at.
#include "emu/rules/rule.h"

namespace wdm {

std::unique_ptr<Rule> make_paged_code() { return std::make_unique<SaidByTheKernel>(); }

}  // namespace wdm
