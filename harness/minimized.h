// Minimising of scenarios that may kill the process: every candidate runs in a child.
#pragma once

#include <functional>

#include "harness/report.h"

namespace wdm {

// Smallest scenario found within `seconds` whose SUMMARY is that of `verdict`, with its explicit schedule. `go_on` is
// called after every run; false ends the work early.
Scenario minimized(const Scenario& scenario, const Verdict& verdict, const DriverImage& image, unsigned seconds,
                   const std::function<bool()>& go_on = {});

}  // namespace wdm
