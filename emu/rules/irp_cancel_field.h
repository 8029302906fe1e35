// What IrpCancelField and IrpNeverCompleted divide between them.
#pragma once

#include "emu/rules/ledger.h"

namespace wdm {

// For EndIrp: is it left over because it was cancelled before its cancel routine was set?
bool cancel_field_missed(const Event& end, const IrpState& irp);

}  // namespace wdm
