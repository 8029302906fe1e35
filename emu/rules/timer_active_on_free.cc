// TimerActiveOnFree: the memory of a timer is not freed, and the driver not unloaded, while the timer is set.
// Documentation: "Timer objects and DPCs". Bug check 0xC7, 0x00 (also 0xC4, 0x15).
//
// Checks:
// 1. No pool block is freed that contains a set timer.
// 2. No timer expires that lies in a stack frame that has been left.
// 3. No timer of the driver is set when it is unloaded.
//
// KeCancelTimer makes a timer inactive even when it returns FALSE; a DPC of it that is still queued is DpcAfterFree's.
#include "emu/rules/history.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class TimerActiveOnFreeRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_TimerFreed) | interest(EVENT_EndTimer) | interest(EVENT_ObjectFreed); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const bool left = event.kind == EVENT_ObjectFreed;  // by a function that had it on its stack
    if (left && (event.arg2 != FREED_Queued || trace.objects[event.object].kind != OBJECT_Timer)) return;
    const bool freed = event.kind == EVENT_TimerFreed;
    Finding finding{RuleId::TimerActiveOnFree,
                    label_text(trace, event.object) + (left    ? " of a stack frame that has been left is still set"
                                                     : freed ? " freed while it is set" : " still set after unload"),
                    index, {}};
    add_last(finding, trace, index, EVENT_TimerSet, event.object, "set " + label_text(trace, event.object));
    if (!freed && !finding.evidence.empty()) {  // nothing of the driver runs any more: show where it began
      finding.event = finding.evidence.front().event;
      finding.evidence.front() = {index, "still set"};
    }
    findings.push_back(std::move(finding));
  }
};

}  // namespace

std::unique_ptr<Rule> make_timer_active_on_free() { return std::make_unique<TimerActiveOnFreeRule>(); }

}  // namespace wdm
