// IrqlPsPassive: the Ps routines that the rule lists are called at IRQL = PASSIVE_LEVEL.
// Documentation: "IrqlPsPassive rule (wdm)". Bug check 0xC4, 0x0002001C.
//
// Checks:
// 1. None of the routines in irql_ps_passive_ddis() is called above PASSIVE_LEVEL.
#include "emu/rules/ddi_set.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {

const DdiSet& irql_ps_passive_ddis() {
  static const DdiSet ddis = {"PsCreateSystemThread",           "PsGetVersion",
                              "PsSetCreateProcessNotifyRoutine", "PsSetCreateThreadNotifyRoutine",
                              "PsSetLoadImageNotifyRoutine",     "PsTerminateSystemThread"};
  return ddis;
}

namespace {

class IrqlPsPassiveRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t irql) const override { return irql > 0 && ddis_.contains(ddi); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (!wants_call(event.ddi, event.irql)) return;
    findings.push_back({RuleId::IrqlPsPassive,
                        std::string(ddi_name(event.ddi)) + " called at " + irql_text(event.irql) +
                            ", not at PASSIVE_LEVEL",
                        index, {}});
  }

 private:
  const DdiSet& ddis_ = irql_ps_passive_ddis();
};

}  // namespace

std::unique_ptr<Rule> make_irql_ps_passive() { return std::make_unique<IrqlPsPassiveRule>(); }

}  // namespace wdm
