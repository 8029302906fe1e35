// IrqlKeDispatchLte: the Ke routines that the rule lists are called at IRQL <= DISPATCH_LEVEL.
// Documentation: "IrqlKeDispatchLte rule (wdm)". Bug check 0xC4, 0x00020011 (spin lock acquire also 0x42).
//
// Checks:
// 1. None of the routines in irql_ke_dispatch_lte_ddis() is called above DISPATCH_LEVEL.
//
// Other than the page says: KeAcquireSpinLock is a macro for KeAcquireSpinLockRaiseToDpc on x64, so that counts too. The
// page of KeInitializeSemaphore asks for PASSIVE_LEVEL; the rule's looser bound is used.
#include "emu/rules/ddi_set.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {

const DdiSet& irql_ke_dispatch_lte_ddis() {
  static const DdiSet ddis = {
      "KeAcquireSpinLock",   "KeAcquireSpinLockRaiseToDpc", "KeCancelTimer",        "KeClearEvent",
      "KeFlushIoBuffers",    "KeInitializeDeviceQueue",     "KeInitializeSemaphore", "KeInitializeTimer",
      "KeInitializeTimerEx", "KePulseEvent",                "KeRaiseIrqlToDpcLevel", "KeReadStateEvent",
      "KeReadStateTimer",    "KeReleaseMutex",              "KeRemoveEntryDeviceQueue", "KeResetEvent",
      "KeSaveFloatingPointState", "KeSetTimer",             "KeSetTimerEx"};
  return ddis;
}

namespace {

class IrqlKeDispatchLteRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t irql) const override {
    return irql > kDispatchLevel && ddis_.contains(ddi);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (!wants_call(event.ddi, event.irql)) return;
    findings.push_back({RuleId::IrqlKeDispatchLte,
                        std::string(ddi_name(event.ddi)) + " called at " + irql_text(event.irql) +
                            ", above DISPATCH_LEVEL",
                        index, {}});
  }

 private:
  const DdiSet& ddis_ = irql_ke_dispatch_lte_ddis();
};

}  // namespace

std::unique_ptr<Rule> make_irql_ke_dispatch_lte() { return std::make_unique<IrqlKeDispatchLteRule>(); }

}  // namespace wdm
