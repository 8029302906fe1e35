// IrqlReturn: a dispatch routine returns at the IRQL at which it was called.
// Documentation: "IrqlReturn rule (wdm)". Bug check 0xC4, 0x0002001D (also 0xC9, 0x05).
//
// Checks:
// 1. The IRQL when a dispatch routine returns is the one at which it was called.
//
// Other than the page says: silent while the routine still holds a spin lock of its own, since then releasing it was
// forgotten and SpinLock reports. Other kinds of routine: irql_contract.cc.
#include "emu/rules/irql_at_return.h"

namespace wdm {
namespace {

class IrqlReturnRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_CallbackLeave); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    if (trace.events[index].arg2 != CALLBACK_Dispatch) return;
    judge_irql_at_return(RuleId::IrqlReturn, "", trace, index, ledger, findings);
  }
};

}  // namespace

std::unique_ptr<Rule> make_irql_return() { return std::make_unique<IrqlReturnRule>(); }

}  // namespace wdm
