// IrqlKeRaiseLower: KeRaiseIrql never lowers, KeLowerIrql never raises and is called only after something raised.
// IrqlKeRaiseLower2: KeLowerIrql restores the IRQL that the matching KeRaiseIrql saved.
// Documentation: "IrqlKeRaiseLower rule (wdm)", "IrqlKeRaiseLower2 rule (wdm)". Bug checks 0xC4, 0x30 and 0x31.
//
// Checks:
// 1. IrqlKeRaiseLower: the direction is seen by the kernel, which says so in a Violation event.
// 2. IrqlKeRaiseLower: a KeLowerIrql that changes the IRQL comes after something that raised it in the same routine.
// 3. IrqlKeRaiseLower2: it restores what the last raise saved that has not been undone yet.
//
// Other than the pages say:
// - KeRaiseIrqlToDpcLevel and its like are raises, too. So is a lock that was acquired: after a release with a
//   FromDpcLevel form, in whatever order, the driver lowers the IRQL itself to what any of the acquires saved.
// - Raises by a callback of a cancel-safe queue count for its caller, raises around another callback count in it.
// - A cancel routine may lower to CancelIrql, which IoCancelIrp saved for it.
// - Raises and lowers to the current IRQL do not count: they are often left out on one side.
#include "emu/rules/open_raises.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

bool lowers(std::uint16_t ddi) { return ddi == DDI_KeLowerIrql || ddi == DDI_KfLowerIrql; }

std::uint32_t index_of(const Trace& trace, const Event& event) {
  return static_cast<std::uint32_t>(&event - trace.events.data());
}

class IrqlKeRaiseLowerRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrqlLower); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (!lowers(event.ddi) || event.arg >= event.arg2) return;
    OpenRaises open(trace, index);
    const Event* raise = nullptr;
    do {
      raise = open.next();
      if (raise != nullptr && raise->arg2 == event.arg) return;
    } while (raise != nullptr && !raises_irql(raise->ddi));
    if (raise == nullptr && is_cancel_irql(event, ledger)) return;
    findings.push_back(raise != nullptr ? wrong(trace, index, *raise) : unmatched(event, index));
  }

 private:
  static bool is_cancel_irql(const Event& event, const Ledger& ledger) {
    const auto activations = ledger.activations(event.thread);
    return !activations.empty() && activations.back().callback == CALLBACK_Cancel &&
           activations.back().return_irql == event.arg;
  }
  static Finding wrong(const Trace& trace, std::uint32_t index, const Event& raise) {
    return {RuleId::IrqlKeRaiseLower2,
            "KeLowerIrql restores " + irql_text(trace.events[index].arg) + ", the raise before it was at " +
                irql_text(raise.arg2),
            index,
            {{index_of(trace, raise), "raised from " + irql_text(raise.arg2)}}};
  }
  static Finding unmatched(const Event& event, std::uint32_t index) {
    return {RuleId::IrqlKeRaiseLower,
            "KeLowerIrql to " + irql_text(event.arg) + ", from which nothing raised it before", index, {}};
  }
};

}  // namespace

std::shared_ptr<Rule> make_irql_ke_raise_lower(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<IrqlKeRaiseLowerRule>();
}

}  // namespace wdm
