// What has to be passed over so that a run reaches the finding its scenario expects.
#pragma once

#include <string>
#include <vector>

#include "harness/isolated_run.h"
#include "harness/pass_over.h"
#include "harness/scenario.h"

namespace wdm {

struct Passed {
  KnownPlaces places;
  std::vector<std::string> summaries;  // in the order in which they happen
};

// The findings that the run shows before the one of the scenario's `expect` line. Empty when that one comes first, when
// the scenario expects none, and when it is not reached at all. Costs a run in a child for each, and one more.
Passed findings_before_expected(const Scenario& scenario);

// Runs the scenario in a child, past them.
IsolatedRun run_to_expected(const Scenario& scenario);

// Does the scenario expect this SUMMARY, with or without its first words?
bool expects(const Scenario& scenario, const std::string& summary);

}  // namespace wdm
