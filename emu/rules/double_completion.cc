// DoubleCompletion: IoCompleteRequest is called once for an IRP.
// Documentation: "DoubleCompletion rule (wdm)". Bug check 0x44.
//
// Checks:
// 1. An IRP that was completed is not completed again, unless a completion routine took it back with
//    STATUS_MORE_PROCESSING_REQUIRED.
// 2. While its completion routine runs, an IRP may be completed only if that routine then takes it back (another thread
//    that the routine woke may be faster than its return).
// 3. An IRP that went all the way up is not completed.
//
// Other than the page says: completions by the kernel's own devices are not final before the IRP went all the way up,
// since kernel routines such as IoForwardIrpSynchronously catch the IRP without a routine of the driver's.
#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class DoubleCompletionRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrpComplete) | interest(EVENT_CallbackLeave); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    if (trace.events[index].kind == EVENT_IrpComplete) return judge_complete(trace, index, ledger, findings);
    judge_not_taken_back(trace, index, ledger, findings);
  }

 private:
  static void judge_complete(const Trace& trace, std::uint32_t index, const Ledger& ledger,
                             std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const IrpState& irp = ledger.irp(event.object);
    if (irp.completed == 0) return;
    const std::uint32_t made = irp.again == 0 ? 1 : 2;
    if (irp.gone == 0 && irp.completing >= made) return;
    findings.push_back({RuleId::DoubleCompletion, label_text(trace, event.object) + " completed a second time", index,
                        {{irp.completed - 1, "completed before"}}});
  }

  static void judge_not_taken_back(const Trace& trace, std::uint32_t index, const Ledger& ledger,
                                   std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    if (event.arg2 != CALLBACK_Completion || event.arg == kMoreProcessingRequired) return;
    const auto activations = ledger.activations(event.thread);
    if (activations.empty() || activations.back().object != event.object) return;
    const IrpState& irp = ledger.irp(event.object);
    const std::uint32_t latest = irp.again != 0 ? irp.again : irp.completed;
    if (latest == 0 || latest - 1 < activations.back().event) return;
    // The kernel's own completion may end with the IRP gone while the routine of another level still runs.
    if (trace.events[latest - 1].kind != EVENT_IrpComplete) return;
    findings.push_back({RuleId::DoubleCompletion,
                        label_text(trace, event.object) +
                            " completed while its completion routine runs, which then does not take it back",
                        latest - 1, {{index, "completion routine returns " + hex_text(event.arg)}}});
  }
};

}  // namespace

std::unique_ptr<Rule> make_double_completion() { return std::make_unique<DoubleCompletionRule>(); }

}  // namespace wdm
