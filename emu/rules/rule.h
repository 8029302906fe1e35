// A rule reads events, keeps its own small state, and returns findings. It never touches the machine, so it is tested
// with hand-written event lists and can judge a stored trace again.
//
// To add a rule: one line in rules.def, one source here, one test in tests/emu/rules, one example in harness/rule_examples.
// Rules that look at the same events in the same way are lines with the same file: one object judges for all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emu/rules/ledger.h"
#include "emu/trace/trace.h"

namespace wdm {

enum class RuleId : std::uint16_t {
#define RULE(name, file, level, bug_check, sentence, title) name,
#include "emu/rules/rules.def"
#undef RULE
};

// What a violation means for the rest of the run; see rules.def.
enum class Level : std::uint8_t { fatal, harmless, advice };

struct RuleInfo {
  std::string_view name;
  Level level;
  std::string_view bug_check;  // "0xC4, 0x00040009", or "" when Windows has none
  std::string_view sentence;   // the rule in one sentence
  std::string_view title;      // of the documentation page
};
const RuleInfo& rule_info(RuleId rule);
// In the order of rules.def, so that a RuleId is an index.
const std::vector<RuleInfo>& all_rules();

// One more place that belongs to a finding: "acquired Lock A" at event 17.
struct Evidence {
  std::uint32_t event;  // index into the trace
  std::string text;     // "acquired Lock A", "marked pending", ...

  bool operator==(const Evidence&) const = default;
};

struct Finding {
  RuleId rule;
  std::string message;  // one sentence without final point: "spin lock acquired again by the CPU that holds it"
  std::uint32_t event;  // index of the event to look at first: where it was seen, or what was forgotten when that has no driver frame
  std::vector<Evidence> evidence;  // the other side, most important first
};

class Rule {
 public:
  virtual ~Rule() = default;
  // Bit set of EVENT_* kinds this rule wants to see.
  virtual std::uint64_t interests() const = 0;
  // Which of the DdiEnter events, by far the most frequent ones: those of `ddi` at IRQL `irql`; `on` sees no others. Always the
  // same answer.
  virtual bool wants_call(std::uint16_t ddi, std::uint8_t irql) const {
    (void)ddi, (void)irql;
    return true;
  }
  virtual void reset() = 0;
  // Judges event number `index` of `trace`. `ledger` is the state *before* the event. Appends to `findings`.
  // Cost matters: called for every event of interest in every run.
  virtual void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) = 0;
};

// A rule that has nothing to see in events: the kernel, or the machine, says so in a Violation event, which the tracker turns
// into the finding. The object is what `enable` and the list of rules know it by.
class SaidByTheKernel final : public Rule {
 public:
  std::uint64_t interests() const override { return 0; }
  void reset() override {}
  void on(const Trace&, std::uint32_t, const Ledger&, std::vector<Finding>&) override {}
};

constexpr std::uint64_t interest(std::uint16_t kind) { return std::uint64_t{1} << kind; }

// By RuleId. Each rule file defines make_<file>(), one that several lines name make_<file>(RuleId, earlier), where `earlier` is
// what it made for the line before, or null: it can be the object for this line, too.
std::vector<std::shared_ptr<Rule>> make_rules();

}  // namespace wdm
