// IoBuildDeviceControlWait, IoBuildSynchronousFsdRequestWait, IoBuildDeviceIoControlSetEvent: who sends an IRP of these routines waits
// for its event, and leaves it to the I/O manager to set it.
// Documentation: "<Name> rule (wdm)" of each. Bug check 0xC9, 0x0C and 0x0D (…SetEvent: 0x307).
//
// Checks:
// 1. …Wait: the routine of the driver that made the IRP with an event on its stack, and passed it down, does not return while the
//    IRP is still below, or with another of the driver's devices: the event, and mostly the status block, go with the stack.
// 2. IoBuildDeviceIoControlSetEvent: KeSetEvent is not called for the event of an IRP that is not gone.
//
// Narrowed:
// - Check 1 judges at the return to the kernel, not of the function that owns the event; an event elsewhere may be waited for by
//   somebody else.
// - Check 2 accepts a completion routine that sets the event and takes the IRP back: the I/O manager then does not set it. The
//   other synchronous IRPs have no such rule.
#include <algorithm>
#include <vector>

#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class SynchronousIrpRule final : public Rule {
 public:
  explicit SynchronousIrpRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override {
    return interest(EVENT_IrpCreate) | interest(EVENT_IrpCompleted) | interest(EVENT_CallbackLeave) |
           (rule_ == RuleId::IoBuildDeviceIoControlSetEvent ? interest(EVENT_Signal) : interest(EVENT_ThreadExit));
  }
  void reset() override { sent_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_IrpCreate) return create(event, index);
    if (sent_.empty()) return;
    if (event.kind == EVENT_IrpCompleted) std::erase_if(sent_, [&](const Sent& s) { return s.irp == event.object; });
    else if (event.kind == EVENT_Signal) signal(trace, index, ledger, findings);
    else if (rule_ == RuleId::IoBuildDeviceIoControlSetEvent) leave_completion(trace, index, findings);
    else leave(trace, index, ledger, findings);
  }

 private:
  struct Sent {
    ObjectId irp, signals;
    std::uint16_t activation;
    std::uint8_t thread;
    std::uint32_t created;
    std::uint32_t set = 0;  // KeSetEvent by its completion routine, whose return is not known yet: index plus 1
  };

  void create(const Event& event, std::uint32_t index) {
    const bool sync_fsd = rule_ == RuleId::IoBuildSynchronousFsdRequestWait;
    if (event.ddi != (sync_fsd ? DDI_IoBuildSynchronousFsdRequest : DDI_IoBuildDeviceIoControlRequest)) return;
    const bool counts = rule_ == RuleId::IoBuildDeviceIoControlSetEvent || (event.arg & kEventOnStack) != 0;
    if (event.arg2 != 0 && counts) sent_.push_back({event.object, event.arg2, event.activation, event.thread, index});
  }

  void leave(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    for (const Sent& sent : sent_) {
      if (sent.thread != event.thread || (event.kind == EVENT_CallbackLeave && sent.activation != event.activation)) continue;
      const IrpState& irp = ledger.irp(sent.irp);
      const bool in_lower_device = irp.owner == IrpOwner::driver && irp.dispatched > irp.back;
      if (irp.owner != IrpOwner::below && !in_lower_device) continue;
      findings.push_back({rule_,
                          "the routine that sent " + label_text(trace, sent.irp) + " returns while it is pending, with " +
                              label_text(trace, sent.signals) + " on its stack",
                          irp.forwarded - 1, {{sent.created, "made"}, {index, "returns"}}});
      break;
    }
    std::erase_if(sent_, [&](const Sent& s) { return s.thread == event.thread && s.activation == event.activation; });
  }

  void signal(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    if (event.site == kNoSite || event.ddi != DDI_KeSetEvent) return;
    const auto sent = std::ranges::find(sent_, event.object, &Sent::signals);
    if (sent == sent_.end() || ledger.irp(sent->irp).forwarded == 0) return;
    const auto activations = ledger.activations(event.thread);
    const bool in_completion =
        !activations.empty() && activations.back().callback == CALLBACK_Completion && activations.back().object == sent->irp;
    if (in_completion) sent->set = index + 1;
    else report(trace, *sent, index, findings);
  }

  void leave_completion(const Trace& trace, std::uint32_t index, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const auto sent = std::ranges::find(sent_, event.object, &Sent::irp);
    if (event.arg2 != CALLBACK_Completion || sent == sent_.end() || sent->set == 0) return;
    if (event.arg != kMoreProcessingRequired) report(trace, *sent, sent->set - 1, findings);
    sent->set = 0;
  }

  void report(const Trace& trace, const Sent& sent, std::uint32_t set, std::vector<Finding>& findings) const {
    findings.push_back({rule_,
                        "KeSetEvent called for " + label_text(trace, sent.signals) + ", which the I/O manager sets when " +
                            label_text(trace, sent.irp) + " is completed",
                        set, {{sent.created, "made"}}});
  }

  RuleId rule_;
  std::vector<Sent> sent_;
};

}  // namespace

std::shared_ptr<Rule> make_synchronous_irp(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<SynchronousIrpRule>(rule);
}

}  // namespace wdm
