// PagedPool: paged pool is touched only below DISPATCH_LEVEL.
// Documentation: "Making drivers pageable". Bug check 0xD1 (DRIVER_IRQL_NOT_LESS_OR_EQUAL).
//
// Checks: none from events. The machine poisons paged pool while code at DISPATCH_LEVEL or above runs; the access itself is
// said in a Violation event.
//
// Narrowed: blocks whose pages an MDL has locked may be touched at any IRQL.
#include "emu/rules/rule.h"

namespace wdm {

std::unique_ptr<Rule> make_paged_pool() { return std::make_unique<SaidByTheKernel>(); }

}  // namespace wdm
