// Runs one scenario many times and says whether it always ends the same way.
#pragma once

#include <cstdint>
#include <string>

#include "harness/report.h"

namespace wdm {

struct RepeatedRun {
  Outcome outcome = Outcome::clean;  // of the first run, like the two below
  std::string summary;               // "" when clean
  std::uint64_t hash = 0;            // of the traces of all its schedules
  unsigned runs = 0;                 // until the first that differs, or as many as asked for
  std::string difference;            // what the last one shows instead; "" when all are the same
};

// Runs the scenario `times` times, in one child process as long as it lives: a run that AddressSanitizer or the watchdog
// ends takes its process along, and the next one begins another. Compares the text reports and the traces, and judges each
// trace again that is complete, in one go: the rules have to find what they found while it was written.
RepeatedRun run_repeatedly(const Scenario& scenario, unsigned times);

}  // namespace wdm
