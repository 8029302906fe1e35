// From events to the steps a person follows.
#pragma once

#include <cstdint>
#include <string>

#include "harness/report.h"

namespace wdm {

// Offset of the code an event points at: the call, not the place it returns to. kNoPlace outside the driver.
std::uint64_t code_offset(const Event& event);
// "acquires Lock A"
std::string event_text(const Trace& trace, std::uint32_t index, const std::string& function);
// "T2", "idle0"
std::string thread_label(unsigned thread);
// Fills steps, locks and involved.
void fill_steps(Report& report, const Trace& trace, const RunResult& result, const DriverImage& image);

}  // namespace wdm
