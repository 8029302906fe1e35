// NullCheck: a null pointer is not used.
// Documentation: "NullCheck rule (wdm)". Bug check 0xD1, or 0x7E.
//
// Checks: none from events. AddressSanitizer traps the access; the harness gives one below 64 KiB, where nothing is ever mapped,
// this name.
//
// Narrowed: that the pointer was tested or set to null before is not asked: it is null, or a field of what a null pointer points to.
#include "emu/rules/rule.h"

namespace wdm {

std::unique_ptr<Rule> make_null_check() { return std::make_unique<SaidByTheKernel>(); }

}  // namespace wdm
