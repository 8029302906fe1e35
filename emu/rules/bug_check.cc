// BugCheck: the driver does not make Windows stop: no bug check, no exception that nobody handles.
// Documentation: "Bug check codes". The code is in the message.
//
// Checks: none from events. The kernel sees it where it happens, and says so in a Violation event.
#include "emu/rules/rule.h"

namespace wdm {

std::unique_ptr<Rule> make_bug_check() { return std::make_unique<SaidByTheKernel>(); }

}  // namespace wdm
