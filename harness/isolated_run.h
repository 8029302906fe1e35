// Runs scenarios in child processes of their own: AddressSanitizer ends the process of a driver that it catches.
#pragma once

#include "harness/pass_over.h"
#include "harness/report.h"

namespace wdm {

struct IsolatedRun {
  Verdict verdict;    // emu_bug with a text when the child died without a word
  Scenario scenario;  // with the explicit schedule that it went through
};

// Runs a scenario to its end in a fork of this process. What the driver and AddressSanitizer print is dropped.
// Costs a millisecond more than a run.
// Goes on past `known` findings.
IsolatedRun run_isolated(const Scenario& scenario, const KnownPlaces& known = {});

}  // namespace wdm
