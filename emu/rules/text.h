// Words that several rules use in their messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "emu/trace/trace.h"

namespace wdm {

inline constexpr std::uint8_t kDispatchLevel = 2;

// "PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL", "IRQL 5"
std::string irql_text(std::uint64_t irql);
// "T2"
std::string thread_text(std::uint8_t thread);
// "0xC0000016"
std::string hex_text(std::uint64_t value);
// As object_label, but never empty: "the object" when it has no label.
std::string label_text(const Trace& trace, ObjectId object);
// " (bug check 0xC8)" and the like: what Windows stops with when a routine of that kind returns with a lock held or at
// the wrong IRQL. Empty for dispatch and cancel routines, whose rules have codes of their own.
std::string_view return_note(std::uint32_t callback);

}  // namespace wdm
