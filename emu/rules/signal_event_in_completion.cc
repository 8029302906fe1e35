// SignalEventInCompletion(2, 3), IoAllocateIrpSignalEventInCompletion(2, 3, Timeout), IoBuildFsdIrpSignalEventInCompletion(2, 3,
// Timeout), IoBuildDeviceControlWaitTimeout, IoBuildSynchronousFsdRequestWaitTimeout: nobody waits for ever for an event that the
// completion of an IRP should set.
// Documentation: "<Name> rule (wdm)" of each. What a user sees is a hang; of a power IRP bug check 0x9F, 0x3.
//
// Checks, when nothing can run any more and a thread waits for an event that was not set since the IRP was sent:
// 1. The event was given to IoBuildDeviceIoControlRequest or IoBuildSynchronousFsdRequest: …WaitTimeout. The I/O manager sets it
//    neither while the IRP is pending nor when the request failed at once, without STATUS_PENDING.
// 2. Else the last IRP that the waiting routine passed down before it began to wait. SignalEventInCompletion… when the driver was
//    given it, IoAllocateIrp… and IoBuildFsdIrp… when it made it with that routine:
//    without number: its completion routine was called, and did not set the event;
//    2: it had no completion routine, so that none was called;
//    3: its completion routine was not called, since it was not set for that outcome;
//    Timeout: it is still pending below.
//
// The pages say the same of 2 and 3, that the completion routine is not called; telling the two apart is ours.
// Narrowed: of an IRP that the driver was given and that is still below there is no Timeout rule: Deadlock names that, as it names
// every wait for something else.
#include "emu/rules/signal_event_in_completion.h"

#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

// Rules of one kind of IRP, by why the event was not set.
struct Family {
  RuleId not_set, no_routine, not_called;
  std::optional<RuleId> timeout;
};

const Family& family_of(std::uint16_t origin) {
  static constexpr Family given = {RuleId::SignalEventInCompletion, RuleId::SignalEventInCompletion2,
                                   RuleId::SignalEventInCompletion3, std::nullopt};
  static constexpr Family allocated = {
      RuleId::IoAllocateIrpSignalEventInCompletion, RuleId::IoAllocateIrpSignalEventInCompletion2,
      RuleId::IoAllocateIrpSignalEventInCompletion3, RuleId::IoAllocateIrpSignalEventInCompletionTimeout};
  static constexpr Family fsd = {
      RuleId::IoBuildFsdIrpSignalEventInCompletion, RuleId::IoBuildFsdIrpSignalEventInCompletion2,
      RuleId::IoBuildFsdIrpSignalEventInCompletion3, RuleId::IoBuildFsdIrpSignalEventInCompletionTimeout};
  if (origin == DDI_None) return given;
  return origin == DDI_IoBuildAsynchronousFsdRequest ? fsd : allocated;
}

std::optional<RuleId> wait_timeout_rule(std::uint16_t ddi) {
  if (ddi == DDI_IoBuildDeviceIoControlRequest) return RuleId::IoBuildDeviceControlWaitTimeout;
  if (ddi == DDI_IoBuildSynchronousFsdRequest) return RuleId::IoBuildSynchronousFsdRequestWaitTimeout;
  return std::nullopt;
}

std::optional<std::uint32_t> wait_of(const Trace& trace, std::uint32_t stuck) {
  const Event& end = trace.events[stuck];
  for (std::uint32_t index = stuck; index-- > 0;) {
    const Event& event = trace.events[index];
    if (event.thread != end.thread || (event.kind != EVENT_WaitBegin && event.kind != EVENT_WaitEnd)) continue;
    if (event.kind == EVENT_WaitBegin && event.object == end.object) return index;
    return std::nullopt;
  }
  return std::nullopt;
}

bool signalled(const Trace& trace, ObjectId object, std::uint32_t from, std::uint32_t to) {
  for (std::uint32_t index = from; index < to; ++index) {
    if (trace.events[index].kind == EVENT_Signal && trace.events[index].object == object) return true;
  }
  return false;
}

// Index of the entry of the first completion routine of the IRP after it was sent, plus 1.
std::uint32_t completion_routine(const Trace& trace, ObjectId irp, std::uint32_t sent, std::uint32_t stuck) {
  for (std::uint32_t index = sent; index < stuck; ++index) {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_CallbackEnter && event.arg2 == CALLBACK_Completion && event.object == irp) return index + 1;
  }
  return 0;
}

std::optional<RuleId> speaker(const IrpState& irp, std::uint32_t sent, std::uint32_t routine) {
  const Family& family = family_of(irp.origin);
  if (routine != 0) return family.not_set;
  if (irp.owner == IrpOwner::below) return family.timeout;
  if (irp.owner == IrpOwner::driver) return std::nullopt;  // another of the driver's devices has it
  return irp.completion_set > irp.dispatched && irp.completion_set <= sent ? family.not_called : family.no_routine;
}

class SignalEventInCompletionRule final : public Rule {
 public:
  explicit SignalEventInCompletionRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override { return interest(EVENT_Stuck); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const auto wait = completion_wait(trace, index, ledger);
    if (!wait || wait->rule != rule_) return;
    const Event& event = trace.events[index];
    Finding finding{rule_,
                    thread_text(event.thread) + " waits for ever for " + label_text(trace, event.object) + ": " +
                        reason(trace, *wait, ledger.irp(wait->irp)),
                    wait->wait, {}};
    if (wait->routine != 0) finding.evidence.push_back({wait->routine - 1, "does not set the event"});
    finding.evidence.push_back({wait->sent, trace.events[wait->sent].kind == EVENT_IrpForward ? "passed down" : "made"});
    finding.evidence.push_back({index, "can never run again"});
    findings.push_back(std::move(finding));
  }

 private:
  static std::string reason(const Trace& trace, const CompletionWait& wait, const IrpState& irp) {
    const std::string label = label_text(trace, wait.irp);
    if (irp.owner == IrpOwner::below) return label + " is still pending below";
    if (trace.events[wait.sent].kind == EVENT_IrpCreate) {
      return irp.gone != 0 ? label + " failed at once, which does not set it" : label + " was not completed";
    }
    if (wait.routine != 0) return "the completion routine of " + label + " did not set it";
    return label + " was completed without a call of a completion routine";
  }

  RuleId rule_;
};

}  // namespace

std::optional<CompletionWait> completion_wait(const Trace& trace, std::uint32_t stuck, const Ledger& ledger) {
  const Event& end = trace.events[stuck];
  const auto wait = wait_of(trace, stuck);
  if (end.arg != 2 || end.object == 0 || !wait) return std::nullopt;
  const Event& begin = trace.events[*wait];
  for (std::uint32_t index = *wait; index-- > 0;) {
    const Event& event = trace.events[index];
    if (event.thread != begin.thread || event.activation != begin.activation || event.site == kNoSite) continue;
    const auto given_to = wait_timeout_rule(event.ddi);
    const bool sets = event.kind == EVENT_IrpCreate && event.arg2 == end.object && given_to.has_value();
    if (!sets && event.kind != EVENT_IrpForward) continue;
    if (signalled(trace, end.object, index, stuck)) return std::nullopt;
    if (sets) return CompletionWait{*given_to, event.object, *wait, index, 0};
    const IrpState& irp = ledger.irp(event.object);
    if (wait_timeout_rule(irp.origin)) {
      if (irp.signals == end.object) continue;  // the IrpCreate is yet to come
      return std::nullopt;
    }
    const std::uint32_t routine = completion_routine(trace, event.object, index, stuck);
    const auto rule = speaker(irp, index + 1, routine);
    if (!rule) return std::nullopt;
    return CompletionWait{*rule, event.object, *wait, index, routine};
  }
  return std::nullopt;
}

std::shared_ptr<Rule> make_signal_event_in_completion(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<SignalEventInCompletionRule>(rule);
}

}  // namespace wdm
