// What every step of minimising uses: the smallest scenario so far, and ways to try a smaller one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "harness/minimize.h"

namespace wdm {

// What is to become small, most important first; compares in that order.
using Cost = std::array<std::uint64_t, 7>;
Cost cost_of(const Scenario& scenario);

class MinimizeSearch {
 public:
  // Requires: the oracle accepts `start`; throws ScenarioError when it does not.
  MinimizeSearch(const Scenario& start, const Oracle& oracle, const MinimizeReport& report, unsigned budget);

  const Scenario& best() const { return best_; }
  bool out_of_budget() const { return stopped_ || calls_ >= budget_; }
  void phase(std::string_view name) { phase_ = name; }
  // Grants more calls, unless the report has ended the work.
  void extend(unsigned calls) { budget_ = std::max(budget_, calls_) + calls; }

  // Takes the candidate for the best one if it is smaller and shows the finding as it is.
  bool try_exactly(const Scenario& candidate);
  // The same, also with another schedule: with no directive or a single one of them ...
  bool try_reschedule(const Scenario& candidate);
  // ... or with what a short search finds.
  bool try_search(const Scenario& candidate);
  // Drops directives of the best one as long as that works.
  void drop_directives();
  // The candidate differs from the best one in names only: takes it if it shows the finding.
  bool rename(const Scenario& candidate);

 private:
  using Answer = std::optional<std::vector<Directive>>;

  Answer ask(const Scenario& candidate);
  // Accepted form of the candidate with an explicit schedule.
  std::optional<Scenario> accepted(const Scenario& candidate);
  std::optional<Scenario> with_fewer_directives(Scenario scenario, std::size_t chunk);
  Scenario fewest_directives(Scenario scenario);
  std::optional<Scenario> rescheduled(const Scenario& candidate);
  std::optional<Scenario> found_by_search(Scenario candidate);
  bool take(std::optional<Scenario> candidate);

  const Oracle& oracle_;
  const MinimizeReport& report_;
  unsigned budget_;
  unsigned calls_ = 0;
  bool stopped_ = false;
  std::string_view phase_ = "schedule";
  Scenario best_;
  std::unordered_map<std::string, Answer> asked_;  // by text
};

}  // namespace wdm
