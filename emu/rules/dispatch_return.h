// What MarkIrpPending and MarkIrpPending2 share: what a dispatch routine did with its IRP before it returned.
#pragma once

#include <optional>

#include "emu/rules/rule.h"

namespace wdm {

inline constexpr std::uint32_t kStatusPending = 0x103;

struct DispatchReturn {
  std::uint32_t entered;   // index of the CallbackEnter
  bool returns_pending;
  bool marked;             // IoMarkIrpPending since, in whatever thread, or by a cancel-safe queue
  bool forwarded;          // IoCallDriver since
};

// Empty when the event is not the return of a dispatch routine with an IRP.
std::optional<DispatchReturn> dispatch_return(const Trace& trace, std::uint32_t index, const Ledger& ledger);

}  // namespace wdm
