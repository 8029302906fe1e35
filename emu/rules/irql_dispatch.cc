// IrqlDispatch: routines that need DISPATCH_LEVEL, as KeAcquireSpinLockAtDpcLevel does, are called at DISPATCH_LEVEL.
// Documentation: "IrqlDispatch rule (wdm)". Bug check 0xC4, 0x00020003 (AtDpcLevel 0x40, FromDpcLevel 0x41).
//
// Checks:
// 1. The AtDpcLevel and FromDpcLevel routines are not called below DISPATCH_LEVEL.
// 2. The device queue, controller, adapter channel and IoStartNextPacket routines are called at exactly DISPATCH_LEVEL.
//
// Other than the page says:
// - AtDpcLevel and FromDpcLevel are allowed above DISPATCH_LEVEL, as the page of KeAcquireSpinLockAtDpcLevel says. At
//   DISPATCH_LEVEL reached with KeRaiseIrql they are as good as in a DPC. The queued forms are judged as well.
// - IoWriteErrorLogEntry (its page: <= DISPATCH_LEVEL) and the DMA operations of the page's second list, whose own pages
//   allow lower levels, are left to IrqlContract.
#include "emu/rules/ddi_set.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {

const DdiSet& irql_dispatch_at_least_ddis() {
  static const DdiSet ddis = {
      "KeAcquireSpinLockAtDpcLevel",        "KeReleaseSpinLockFromDpcLevel",
      "KefAcquireSpinLockAtDpcLevel",       "KefReleaseSpinLockFromDpcLevel",
      "KeTryToAcquireSpinLockAtDpcLevel",   "KeAcquireInStackQueuedSpinLockAtDpcLevel",
      "KeReleaseInStackQueuedSpinLockFromDpcLevel"};
  return ddis;
}

const DdiSet& irql_dispatch_exact_ddis() {
  static const DdiSet ddis = {
      "KeInsertDeviceQueue",  "KeInsertByKeyDeviceQueue", "KeRemoveDeviceQueue",     "KeRemoveByKeyDeviceQueue",
      "IoStartNextPacket",    "IoAllocateController",     "IoFreeController",        "IoAllocateAdapterChannel",
      "AllocateAdapterChannel", "FreeAdapterChannel",     "FreeMapRegisters",        "GetScatterGatherList",
      "PutScatterGatherList"};
  return ddis;
}

namespace {

class IrqlDispatchRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t irql) const override {
    return (irql < kDispatchLevel && at_least_.contains(ddi)) || (irql != kDispatchLevel && exact_.contains(ddi));
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (!wants_call(event.ddi, event.irql)) return;
    findings.push_back({RuleId::IrqlDispatch,
                        std::string(ddi_name(event.ddi)) + " called at " + irql_text(event.irql) +
                            ", it needs DISPATCH_LEVEL",
                        index, {}});
  }

 private:
  const DdiSet& exact_ = irql_dispatch_exact_ddis();
  const DdiSet& at_least_ = irql_dispatch_at_least_ddis();
};

}  // namespace

std::unique_ptr<Rule> make_irql_dispatch() { return std::make_unique<IrqlDispatchRule>(); }

}  // namespace wdm
