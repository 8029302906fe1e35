// Runs the rules over a trace, event by event while it is written or all at once when it is stored.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "emu/rules/ledger.h"
#include "emu/rules/rule.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {

class Tracker {
 public:
  // All rules but advice are enabled.
  Tracker();

  // Forgets the run; which rules are enabled stays. Keeps its memory, so that runs after the first allocate nothing.
  void reset();

  // Judges event `index` of `trace` and returns what was found, in the order of the files in rules.def; empty nearly always.
  // The answer is valid until the next call. Requires: called for every event since reset that it does not ignore, in
  // order. No allocation when nothing is found.
  const std::vector<Finding>& on(const Trace& trace, std::uint32_t index);

  // Whether `on` has nothing to do for this event, so that it need not be called; most often true. Requires: a DDI of
  // this version.
  bool ignores(const Event& event) const {
    if (event.kind == EVENT_DdiEnter) return (wanted_calls_[event.ddi] >> (event.irql & 31) & 1) == 0;
    return (wanted_kinds_ >> event.kind & 1) == 0;
  }

  // Resets, judges a whole trace and returns everything found.
  std::vector<Finding> judge(const Trace& trace);

  // Switches a rule on or off. False when there is no rule of that name.
  bool enable(std::string_view name, bool enabled);
  bool enabled(RuleId rule) const { return enabled_[static_cast<std::size_t>(rule)]; }

  // The state after the events so far.
  const Ledger& ledger() const { return ledger_; }

 private:
  // A rule that wants to see a DdiEnter of a DDI.
  struct WantedCall {
    std::size_t rule;
    std::uint16_t ddi;
    std::uint32_t irqls;  // at which, a bit for each
  };
  struct CallRule {
    Rule* rule;
    std::uint32_t irqls;
  };

  void list_calls();
  void list_by_kind();
  void report_violation(const Trace& trace, std::uint32_t index);

  std::vector<std::shared_ptr<Rule>> rules_;  // by RuleId
  std::vector<bool> enabled_;                 // by RuleId; findings of others are dropped
  std::array<std::vector<Rule*>, EVENT_COUNT> by_kind_;
  std::vector<WantedCall> calls_;                             // of all rules, enabled or not
  std::array<std::vector<CallRule>, DDI_COUNT> by_call_;      // DdiEnter by DDI
  std::uint64_t wanted_kinds_ = 0;                            // by rules or the ledger
  std::array<std::uint32_t, DDI_COUNT> wanted_calls_;         // DdiEnter by DDI, a bit for each IRQL
  Ledger ledger_;
  std::vector<Finding> findings_;
};

static_assert(EVENT_COUNT <= 64, "Rule::interests() has one bit for each kind of event");

}  // namespace wdm
