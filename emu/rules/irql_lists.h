// Whose rule judges the IRQL at which a DDI is called: the one of Microsoft's that lists the DDI, else IrqlContract.
// The bounds themselves are those of ddis.def, for all of them.
#pragma once

#include <cstdint>

#include "emu/rules/rule.h"

namespace wdm {

// For a call that works on any object.
RuleId irql_rule(std::uint16_t ddi);
// For a call that works on `object`; 0 when it is not known. Some rules are about one kind of object only.
RuleId irql_rule(const Trace& trace, std::uint16_t ddi, ObjectId object);

}  // namespace wdm
