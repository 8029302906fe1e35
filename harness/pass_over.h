// Going on past findings that are known already: a campaign looks for the next one, and a replay for the one its scenario
// expects. What cannot be gone on with safely ends the run, not the process.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace wdm {

// Rule or AddressSanitizer's word, and place, of findings that are passed over (see Verdict).
using KnownPlaces = std::set<std::pair<std::string, std::uint64_t>>;

// From now on this process passes over these findings. A known read of memory that is not there to be read goes on, and
// so does a write to freed memory, which is still in quarantine. A known write out of bounds ends its run before it
// happens, as does a known bad access that the processor traps in the driver's own code or in a kernel routine that it
// called. A known double free frees nothing. For what happens after a broken rule see its level in emu/rules/rules.def.
void pass_over(KnownPlaces known);
// The same for what driver.toml suppresses (rule_settings.h), in addition to the places of pass_over().
void pass_over_suppressed();
// The same for whatever there is to find: for measuring what inputs reach.
void pass_over_everything();

// A bad read of this address has just been passed over. Some of what comes later in the run is the same defect: the byte read
// again on another line, and what a loop that left its buffer runs into, be it freed memory or the end of the mapping.
void note_passed_read(std::uintptr_t address, std::uint64_t place);
bool follows_passed_read(std::uintptr_t address, std::uint64_t place);

// Is freeing this address, which is no block of pool or no longer one, to be passed over? Called from `pc`.
bool is_known_free(const void* address, const void* pc);

// The innermost call site in the driver on the current fiber, as reports name it: an offset from the begin of its code.
// `frame`: that of a routine which returns to `return_address`. kNoPlace when there is none.
std::uint64_t call_site_in_driver(const void* return_address, const void* frame);

// Is anything passed over in this process?
bool passes_over();
// Is this finding passed over? `place`: offset from the begin of the driver's code.
bool is_passed_over(const std::string& what, std::uint64_t place);

}  // namespace wdm
