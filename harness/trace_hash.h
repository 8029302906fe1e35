// A trace in one number, for determinism checks.
#pragma once

#include <cstdint>

#include "emu/trace/trace.h"

namespace wdm {

// Hash of everything in the trace: events, objects, contexts, notes. Equal traces have equal hashes in every process.
std::uint64_t trace_hash(const Trace& trace);

}  // namespace wdm
