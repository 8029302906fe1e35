// What the rules about the return of a dispatch routine share: what it did with its IRP before.
#pragma once

#include <optional>

#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"

namespace wdm {

struct DispatchReturn {
  std::uint32_t entered;   // index of the CallbackEnter
  bool returns_pending;
  bool marked;             // IoMarkIrpPending since, in whatever thread, or by a cancel-safe queue
  bool marked_itself;      // the last mark is that routine's own
  bool forwarded;          // IoCallDriver since
  bool completed_itself;   // IoCompleteRequest since, called by that routine
  bool lower_got_it;       // a dispatch routine of another of the driver's devices since
  bool gave_up;            // the driver completed it since, be it that somebody above took it back
  bool others_back;        // it came back since, but to somebody above: the routine did not arrange for that
  bool back;               // it was passed down since and came back, or may just be coming back
};

// Empty when the event is not the return of a dispatch routine with an IRP.
std::optional<DispatchReturn> dispatch_return(const Trace& trace, std::uint32_t index, const Ledger& ledger);

// The last thing the routine that event `left` leaves did with its IRP, or its start. Linear: not for the silent path.
std::uint32_t last_use(const Trace& trace, std::uint32_t entered, std::uint32_t left);

}  // namespace wdm
