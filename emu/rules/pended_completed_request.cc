// PendedCompletedRequest, PendedCompletedRequest2, PendedCompletedRequest3, PendedCompletedRequestEx: no IRP is completed that is
// pending below, and none returned as pending that was completed.
// Documentation: "<Name> rule (wdm)" of each. Bug check 0xC9, 0x209 (PendedCompletedRequest 0xC9, 0x23D).
//
// Checks:
// 1. PendedCompletedRequest: a dispatch routine that completed its IRP itself does not return STATUS_PENDING.
// 2. The driver does not complete an IRP that it passed down and does not have back. PendedCompletedRequestEx speaks when its
//    completion routine was set with IoSetCompletionRoutineEx; else PendedCompletedRequest2 when the routine that passed it down
//    completes it without having waited, and PendedCompletedRequest3 when anybody else does.
//
// Narrowed: check 1 judges only IRPs that were not marked pending: marked, completed and STATUS_PENDING returned is legal, as the
// page of IoMarkIrpPending shows, as long as nobody touches the IRP any more.
// A second completion of an IRP that was completed is DoubleCompletion's.
#include "emu/rules/dispatch_return.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class PendedCompletedRequestRule final : public Rule {
 public:
  explicit PendedCompletedRequestRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override {
    return interest(rule_ == RuleId::PendedCompletedRequest ? EVENT_CallbackLeave : EVENT_IrpComplete);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    if (rule_ == RuleId::PendedCompletedRequest) return judge_return(trace, index, ledger, findings);
    judge_complete(trace, index, ledger, findings);
  }

 private:
  static void judge_return(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const auto dispatch = dispatch_return(trace, index, ledger);
    if (!dispatch || !dispatch->returns_pending || dispatch->forwarded || dispatch->marked || !dispatch->completed_itself)
      return;
    const ObjectId irp = trace.events[index].object;
    findings.push_back({RuleId::PendedCompletedRequest,
                        "dispatch routine has completed " + label_text(trace, irp) + ", but returns STATUS_PENDING",
                        ledger.irp(irp).completed - 1,
                        {{index, "returns STATUS_PENDING"}, {dispatch->entered, "called"}}});
  }

  void judge_complete(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) const {
    const Event& event = trace.events[index];
    const IrpState& irp = ledger.irp(event.object);
    if (event.site == kNoSite || irp.owner != IrpOwner::below || irp.completed != 0) return;
    if (speaker(trace, event, irp) != rule_) return;
    findings.push_back({rule_, label_text(trace, event.object) + " completed while it is pending below", index,
                        {{irp.forwarded - 1, "passed down"}}});
  }

  static RuleId speaker(const Trace& trace, const Event& event, const IrpState& irp) {
    const bool has_routine = irp.completion_set > irp.dispatched;
    if (has_routine && (trace.events[irp.completion_set - 1].arg & kCompletionEx) != 0) return RuleId::PendedCompletedRequestEx;
    const Event& forward = trace.events[irp.forwarded - 1];
    const bool same_routine = event.thread == forward.thread && event.activation == forward.activation;
    return same_routine ? RuleId::PendedCompletedRequest2 : RuleId::PendedCompletedRequest3;
  }

  RuleId rule_;
};

}  // namespace

std::shared_ptr<Rule> make_pended_completed_request(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<PendedCompletedRequestRule>(rule);
}

}  // namespace wdm
