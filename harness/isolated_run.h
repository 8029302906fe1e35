// Runs scenarios in child processes of their own: AddressSanitizer ends the process of a driver that it catches.
#pragma once

#include <cstdint>
#include <span>

#include "harness/report.h"

namespace wdm {

struct IsolatedRun {
  Verdict verdict;    // emu_bug with a text when the child died without a word
  Scenario scenario;  // with the explicit schedule that it went through
};

// Runs a scenario to its end in a fork of this process. What the driver and AddressSanitizer print is dropped.
// Costs a millisecond more than a run.
IsolatedRun run_isolated(const Scenario& scenario);

}  // namespace wdm
