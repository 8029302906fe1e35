// What IrqlReturn and IrqlContract share: a routine that returns at another IRQL than it has to.
#pragma once

#include "emu/rules/rule.h"

namespace wdm {

// For CallbackLeave: says that the routine returns at the wrong IRQL. The finding is about the last change of the IRQL
// in that routine when there is one, since the returning routine has no frame any more. `note` ends the message.
// Silent while the routine still holds a lock of its own: then that is the mistake, and the lock rules report it.
void judge_irql_at_return(RuleId rule, std::string_view note, const Trace& trace, std::uint32_t index,
                          const Ledger& ledger, std::vector<Finding>& findings);

}  // namespace wdm
