// Smallest scenario that still shows a finding.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/scenario.h"

namespace wdm {

// Runs a scenario. When it shows the finding that is being minimised: the decisions of the run that did, which replay
// it as an explicit schedule (strategy directed); otherwise nothing. Has to give the same answer each time.
using Oracle = std::function<std::optional<std::vector<Directive>>(const Scenario&)>;

struct MinimizeProgress {
  std::string_view phase;  // "schedule", "calls", "processors, threads, handles", "arguments", "numbers"
  unsigned calls;          // of the oracle so far
  unsigned budget;         // most calls there will be
  const Scenario& best;    // smallest scenario so far, accepted by the oracle
};
// Called after every call of the oracle; false ends the work early.
using MinimizeReport = std::function<bool(const MinimizeProgress&)>;

inline constexpr unsigned kMinimizeBudget = 4000;

// Fewest directives (preemptions) first, then fewest operations, then fewest processors, threads and handles, then
// smallest arguments. What is returned was accepted by the oracle, has an explicit schedule (unless none replays), and
// its operations are numbered from 1. When calls run out it is the smallest so far. Throws ScenarioError when the
// oracle does not accept `start`.
Scenario minimize(const Scenario& start, const Oracle& oracle, const MinimizeReport& report = {},
                  unsigned budget = kMinimizeBudget);

}  // namespace wdm
