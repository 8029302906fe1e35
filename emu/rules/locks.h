// What rules about locks share: kinds of lock, who holds what, and what is left at the end of a routine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emu/machine/hypercall.h"  // only for the numbers MACH_LOCK_*
#include "emu/rules/rule.h"

namespace wdm {

// The kind without the flag of the AtDpcLevel form.
constexpr std::uint32_t lock_base(std::uint32_t kind) { return kind & ~std::uint32_t{MACH_LOCK_AT_DPC}; }
constexpr bool lock_at_dpc(std::uint32_t kind) { return (kind & MACH_LOCK_AT_DPC) != 0; }

// "spin lock", "queued spin lock", ...
std::string_view lock_noun(std::uint32_t kind);

// Will this event spin for its lock until it is free? False for the try forms.
bool spins(const Event& event);

// "acquired Lock A"
Evidence acquired(const Trace& trace, const HeldLock& held);

// Does a lock taken inside have to be released before this kind of routine returns? False for callbacks that
// take or release a lock on behalf of their caller.
bool ends_lock_scope(std::uint32_t callback);

// Says that a lock of the event's thread is acquired although that thread holds it, unless the holder is code that a
// DPC or ISR has interrupted: that is a deadlock between two routines, see deadlock.cc.
void judge_acquired_again(RuleId rule, const Trace& trace, std::uint32_t index, const Ledger& ledger,
                          std::vector<Finding>& findings);

// For CallbackLeave and ThreadExit: says which locks of the kinds in `kinds` (bit 1 << MACH_LOCK_*) the routine leaves
// held. The finding is about the acquire, since the returning routine has no frame any more.
void judge_held_at_return(RuleId rule, std::uint32_t kinds, const Trace& trace, std::uint32_t index,
                          const Ledger& ledger, std::vector<Finding>& findings);

// For LockRelease: says that the lock is not held, or held by somebody else.
void judge_release(RuleId rule, const Trace& trace, std::uint32_t index, const Ledger& ledger,
                   std::vector<Finding>& findings);

}  // namespace wdm
