// Scenario in, trace and outcome out. The only place that knows in which order a driver is loaded, used and unloaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emu/machine/outcome.h"
#include "emu/trace/trace.h"
#include "harness/scenario.h"

namespace wdm {

// Runs schedule number `run` of the scenario on a freshly booted machine. The trace stays readable until the next run.
RunResult run_once(const DriverImage& image, const Scenario& scenario, unsigned run, const RunOptions& options);
// Runs all schedules of the scenario; stops at the first that is not clean.
RunResult run(const DriverImage& image, const Scenario& scenario, const RunOptions& options);
const Trace& last_trace();
// Number of the schedule that `run` stopped in.
unsigned last_schedule();

}  // namespace wdm
