// PowerIrpDDIs, PagedCodeAtPowerTrans and PowerDownAllocate: what the dispatch routine of IRP_MN_SET_POWER does not call.
// Documentation: "PowerIrpDDIs rule (wdm)" and so on. Bug checks 0xC4, 0xE5 and 0xD1.
//
// Checks, in the dispatch routine of IRP_MN_SET_POWER:
// 1. No routine of power_irp_ddis.def is called, all of which need PASSIVE_LEVEL. PowerIrpDDIs.
// 2. Nothing that it calls says PAGED_CODE(). PagedCodeAtPowerTrans.
// 3. While the system goes to sleep, no pool is allocated. PowerDownAllocate.
//
// Advice: a driver whose device has DO_POWER_PAGABLE set is called at PASSIVE_LEVEL. A call at a wrong IRQL is one of the Irql
// rules', PagedCode or PagedPool.
#include "emu/rules/ddi_set.h"
#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

const DdiSet& passive_ddis() {
  static const DdiSet ddis = {
#define POWER_IRP_DDI(name) #name,
#include "emu/rules/power_irp_ddis.def"
#undef POWER_IRP_DDI
  };
  return ddis;
}

class PowerCallsRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter) | interest(EVENT_PoolAlloc); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override {
    return ddi == DDI_wdm_paged_code || passive_ddis().contains(ddi);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const Activation* dispatch = ledger.dispatching(event.thread);
    if (dispatch == nullptr) return;
    const DispatchCall call(trace.events[dispatch->event].arg);
    const PowerWay way = power_way(call);
    if (way == PowerWay::none) return;
    const Evidence asked{dispatch->event, "asked to change the power state"};
    if (event.kind == EVENT_PoolAlloc) {
      if (way == PowerWay::down && is_system_power(call))
        findings.push_back({RuleId::PowerDownAllocate, "pool is allocated while the system goes to sleep", index, {asked}});
    } else if (event.ddi == DDI_wdm_paged_code) {
      findings.push_back({RuleId::PagedCodeAtPowerTrans, "pageable code runs for IRP_MN_SET_POWER", index, {asked}});
    } else {
      findings.push_back({RuleId::PowerIrpDDIs, std::string(ddi_name(event.ddi)) + " is called for IRP_MN_SET_POWER", index, {asked}});
    }
  }
};

}  // namespace

std::shared_ptr<Rule> make_power_calls(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<PowerCallsRule>();
}

}  // namespace wdm
