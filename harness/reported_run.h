// Runs a scenario and hands out its report, however the run ends.
#pragma once

#include <functional>
#include <string>

#include "harness/report.h"

namespace wdm {

// Runs the scenario in this process and gives `sink` the report. When AddressSanitizer or the watchdog ends the process,
// `sink` is called just before and this function does not return; the exit code is right all the same.
// Returns the exit code.
int run_reported(const Scenario& scenario, const std::function<void(Report&)>& sink);

// Runs the scenario in a child; returns all that it prints: AddressSanitizer's part, then the text report.
std::string text_report(const Scenario& scenario, const std::string& reproduce);

// The same as render_json has it, without AddressSanitizer's part. "" when the child dies without a report.
std::string json_report(const Scenario& scenario);

}  // namespace wdm
