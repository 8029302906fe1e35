// CompleteRequest, IrpProcessingComplete, WmiComplete, WmiForward, IoSetCompletionExCompleteIrp: a dispatch routine that does
// not return STATUS_PENDING has completed its IRP or passed it down.
// Documentation: "<Name> rule (wdm)" of each. Bug check 0xC9, 0x226 (IoSetCompletionExCompleteIrp 0xC4, 0x0004100F).
//
// Check: the driver still has the IRP when its dispatch routine returns anything but STATUS_PENDING. Who speaks:
// 1. IoSetCompletionExCompleteIrp, when IoSetCompletionRoutineEx failed and nothing came after it.
// 2. WmiComplete, when WmiSystemControl said that the request is the driver's to complete or was handled by a callback of the
//    driver's (IrpProcessed, IrpNotCompleted), and WmiForward, when it said that it is for somebody below (IrpForward,
//    IrpNotWmi). A bus driver completes these, too; both are fine.
// 3. IrpProcessingComplete, when it returns STATUS_SUCCESS.
// 4. CompleteRequest, when it returns another status.
//
// Completing an IRP that somebody else has (the other half of CompleteRequest's page) is PendedCompletedRequest2's and 3's while
// it is below, DoubleCompletion's afterwards.
//
// Narrowed: an IRP that was marked pending is MarkIrpPending's; one that another of the driver's devices got is not judged for
// the upper one, nor for the lower one when the upper one took it back.
#include "emu/rules/dispatch_return.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

constexpr std::uint64_t kWmiNotCompleted = 1;

class UnfinishedDispatchRule final : public Rule {
 public:
  explicit UnfinishedDispatchRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override {
    return interest(EVENT_CallbackLeave) | interest(EVENT_WmiControl) | interest(EVENT_IrpSetCompletion);
  }
  void reset() override { wmi_ = failed_ = 0; }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_WmiControl) wmi_ = index + 1;
    else if (event.kind == EVENT_IrpSetCompletion) failed_ = (event.arg & kCompletionFailed) != 0 ? index + 1 : failed_;
    else judge(trace, index, ledger, findings);
  }

 private:
  void judge(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) const {
    const auto dispatch = dispatch_return(trace, index, ledger);
    if (!dispatch || dispatch->returns_pending || dispatch->marked) return;
    const Event& event = trace.events[index];
    const IrpState& irp = ledger.irp(event.object);
    if (irp.owner != IrpOwner::driver || irp.completing > 0) return;
    if (dispatch->gave_up || dispatch->others_back) return;
    if (dispatch->lower_got_it && irp.back < irp.dispatched) return;
    if (speaker(trace, *dispatch, index, irp) != rule_) return;
    findings.push_back({rule_,
                        "dispatch routine returns " + hex_text(event.arg) + ", but " + label_text(trace, event.object) +
                            " was neither completed nor passed down nor marked pending",
                        last_use(trace, dispatch->entered, index),
                        {{index, "returns " + hex_text(event.arg)}, {dispatch->entered, "called"}}});
  }

  RuleId speaker(const Trace& trace, const DispatchReturn& dispatch, std::uint32_t index, const IrpState& irp) const {
    const Event& event = trace.events[index];
    if (applies(trace, failed_, dispatch, event) && irp.completion_set < failed_) return RuleId::IoSetCompletionExCompleteIrp;
    if (applies(trace, wmi_, dispatch, event))
      return trace.events[wmi_ - 1].arg <= kWmiNotCompleted ? RuleId::WmiComplete : RuleId::WmiForward;
    return event.arg == 0 ? RuleId::IrpProcessingComplete : RuleId::CompleteRequest;
  }

  // Was the event at `stamp` about this IRP, in this routine? Those of other threads may hide it: then another rule speaks.
  static bool applies(const Trace& trace, std::uint32_t stamp, const DispatchReturn& dispatch, const Event& leave) {
    return stamp > dispatch.entered + 1 && trace.events[stamp - 1].object == leave.object;
  }

  RuleId rule_;
  std::uint32_t wmi_ = 0, failed_ = 0;  // the last WmiControl, and IrpSetCompletion that failed: index plus 1
};

}  // namespace

std::shared_ptr<Rule> make_unfinished_dispatch(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<UnfinishedDispatchRule>(rule);
}

}  // namespace wdm
