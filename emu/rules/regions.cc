// CriticalRegions, GuardedRegions: a region is left only by a thread that is in it, and before the routine that entered it
// returns.
// Documentation: "CriticalRegions rule (wdm)", "GuardedRegions rule (wdm)". Bug check 0xC4, 0x00040003 and 0x0004000E (also
// 0x3E for a leave too many, 0xC5 for a dispatch routine and 0xFB for a completion routine that leaves one open, 0x1).
//
// Checks of both:
// 1. As many leaves as enters: no leave without an enter before, on the same thread.
// 2. No region entered in a routine is open when that routine returns, or its thread ends.
//
// Other than the pages say:
// - Regions nest: they are counters, whatever "strictly alternate" may mean.
// - Entering and leaving with a resource counts, too.
// - Callbacks of cancel-safe queues and other callbacks may enter or leave for their caller, as locks may be taken.
#include <algorithm>

#include "emu/rules/ddi_set.h"
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

struct Family {
  std::string_view noun;
  DdiSet enter;
  DdiSet leave;
};

const Family& family_of(RuleId rule) {
  static const Family critical = {
      "critical region",
      {"KeEnterCriticalRegion", "ExEnterCriticalRegionAndAcquireResourceExclusive",
       "ExEnterCriticalRegionAndAcquireResourceShared", "ExEnterCriticalRegionAndAcquireSharedWaitForExclusive"},
      {"KeLeaveCriticalRegion", "ExReleaseResourceAndLeaveCriticalRegion"}};
  static const Family guarded = {"guarded region", {"KeEnterGuardedRegion"}, {"KeLeaveGuardedRegion"}};
  return rule == RuleId::CriticalRegions ? critical : guarded;
}

class RegionsRule final : public Rule {
 public:
  explicit RegionsRule(RuleId rule) : rule_(rule), family_(family_of(rule)) {}

  std::uint64_t interests() const override {
    return interest(EVENT_DdiEnter) | interest(EVENT_CallbackLeave) | interest(EVENT_ThreadExit);
  }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override {
    return family_.enter.contains(ddi) || family_.leave.contains(ddi);
  }
  void reset() override { open_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind != EVENT_DdiEnter) return judge_return(trace, index, ledger, findings);
    if (family_.enter.contains(event.ddi)) open_.push_back({index, event.thread});
    if (family_.leave.contains(event.ddi)) leave(trace, index, findings);
  }

 private:
  struct Region {
    std::uint32_t event;  // index of the enter
    std::uint8_t thread;
  };

  void leave(const Trace& trace, std::uint32_t index, std::vector<Finding>& findings) {
    const std::uint8_t thread = trace.events[index].thread;
    const auto last = std::find_if(open_.rbegin(), open_.rend(), [&](const Region& one) { return one.thread == thread; });
    if (last != open_.rend()) return (void)open_.erase(std::next(last).base());
    findings.push_back({rule_, std::string(family_.noun) + " left by " + thread_text(thread) + ", which is in none", index, {}});
  }

  void judge_return(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    if (open_.empty()) return;
    const Event& event = trace.events[index];
    const bool ends = event.kind == EVENT_ThreadExit;
    if (!ends && !ends_lock_scope(event.arg2)) return;
    const auto activations = ledger.activations(event.thread);
    const std::uint32_t entered = ends || activations.empty() ? 0 : activations.back().event;
    const auto left = std::find_if(open_.begin(), open_.end(), [&](const Region& one) {
      return one.thread == event.thread && one.event >= entered;
    });
    if (left == open_.end()) return;
    const std::string who = ends ? "thread ends" : std::string(callback_name(event.arg2)) + " returns";
    findings.push_back({rule_, std::string(family_.noun) + " still open when the " + who, left->event,
                        {{index, "leaves it open"}}});
    std::erase_if(open_, [&](const Region& one) { return one.thread == event.thread && one.event >= entered; });
  }

  const RuleId rule_;
  const Family& family_;
  std::vector<Region> open_;  // the oldest first
};

}  // namespace

std::shared_ptr<Rule> make_regions(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<RegionsRule>(rule);
}

}  // namespace wdm
