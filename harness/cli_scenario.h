// show and assemble: a scenario's bytes to text and back. With a driver they run in its executable, which knows its
// IOCTL codes; without one they run in the command line's own program.
#pragma once

#include "harness/cli.h"
#include "harness/scenario.h"

namespace wdm {

int verb_show(const Options& options, const DriverProfile& profile);
int verb_assemble(const Options& options, const DriverProfile& profile);

// The scenario in a file, text or binary. Throws UserError that names the file.
Scenario read_scenario(const std::string& file, const DriverProfile& profile);

}  // namespace wdm
