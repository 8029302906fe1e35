// CompletionEventChecking: a completion routine does not both mark its IRP pending and signal an event.
// Documentation: "CompletionEventChecking rule (wdm)". No bug check (what follows is 0xC9, 0x23E).
//
// Checks:
// 1. A completion routine that takes the IRP back called IoMarkIrpPending and KeSetEvent, and the dispatch routine that it wakes
//    then returns something else than STATUS_PENDING: the mark and the status contradict each other.
//
// Narrowed: the two calls alone are fine when the IRP stays pending or the event is about something else, so the return of the
// dispatch routine is waited for; and only when that routine's device is the last of the driver's that got the IRP, since the
// mark could belong to another one's stack location. A mark by the dispatch routine itself is MarkIrpPending's.
#include <algorithm>
#include <vector>

#include "emu/rules/dispatch_return.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class CompletionEventCheckingRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_IrpMarkPending) | interest(EVENT_Signal) | interest(EVENT_CallbackLeave);
  }
  void reset() override { marks_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_CallbackLeave) return leave(trace, index, ledger, findings);
    const auto activations = ledger.activations(event.thread);
    if (event.site == kNoSite || activations.empty() || activations.back().callback != CALLBACK_Completion) return;
    const Activation& routine = activations.back();
    Mark& mark = mark_of(routine);
    if (event.kind == EVENT_Signal) mark.signalled = index + 1;
    else if (event.object == routine.object) mark.marked = index + 1;
  }

 private:
  struct Mark {
    ObjectId irp;
    std::uint32_t entered;  // index of the completion routine's CallbackEnter
    std::uint32_t marked = 0, signalled = 0;  // index plus 1
    bool taken_back = false;
  };

  Mark& mark_of(const Activation& routine) {
    const auto found = std::ranges::find(marks_, routine.event, &Mark::entered);
    return found != marks_.end() ? *found : marks_.emplace_back(Mark{routine.object, routine.event});
  }

  void leave(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    if (marks_.empty()) return;
    const Event& event = trace.events[index];
    const auto activations = ledger.activations(event.thread);
    if (activations.empty()) return;
    const auto found = std::ranges::find(marks_, activations.back().event, &Mark::entered);
    if (found != marks_.end()) {
      found->taken_back = event.arg == kMoreProcessingRequired;
      if (!found->taken_back || found->marked == 0 || found->signalled == 0) marks_.erase(found);
    }
    if (event.arg2 == CALLBACK_Dispatch) judge(trace, index, ledger, findings);
  }

  void judge(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const auto mark = std::ranges::find_if(marks_, [&](const Mark& m) { return m.irp == event.object && m.taken_back; });
    const auto dispatch = dispatch_return(trace, index, ledger);
    if (mark == marks_.end() || !dispatch) return;
    const Mark made = *mark;
    marks_.erase(mark);
    const IrpState& irp = ledger.irp(event.object);
    const bool set_here = irp.completion_set > dispatch->entered && made.entered > irp.completion_set;
    if (dispatch->returns_pending || dispatch->marked_itself || dispatch->lower_got_it || !set_here) return;
    findings.push_back({RuleId::CompletionEventChecking,
                        "completion routine marks " + label_text(trace, event.object) +
                            " pending and signals its dispatch routine, which then returns " + hex_text(event.arg),
                        made.marked - 1,
                        {{made.signalled - 1, "signals an event"}, {index, "returns " + hex_text(event.arg)}}});
  }

  std::vector<Mark> marks_;
};

}  // namespace

std::unique_ptr<Rule> make_completion_event_checking() { return std::make_unique<CompletionEventCheckingRule>(); }

}  // namespace wdm
