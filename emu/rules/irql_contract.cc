// IrqlContract: every routine is called at an IRQL that its documentation page allows.
// Documentation: the page of each routine (emu/nt/ddis.def has its title). Bug check 0xC4, 0x121.
//
// Checks:
// 1. A DDI is called at an IRQL between the lowest and the highest of its line in ddis.def.
// 2. A DPC, StartIo, completion, work item, cancel, thread, ISR or load routine returns at the IRQL at which it was
//    called (bug check 0xC8; 0xFA, 0xE1, 0x111). A cancel routine returns at the IRQL that the cancel lock gave back.
//
// What depends on arguments (a wait's timeout, the pool type) is seen by the kernel, which reports it under this name.
//
// Narrowed:
// - DDIs whose IRQL a rule of Microsoft's judges are left to that rule: IrqlKeDispatchLte, IrqlDispatch, IrqlPsPassive,
//   and IrqlKeReleaseSpinLock for KeReleaseSpinLock.
// - Dispatch routines are IrqlReturn's. Callbacks of a cancel-safe queue raise and lower for their caller.
#include <array>

#include "emu/rules/ddi_set.h"
#include "emu/rules/irql_at_return.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

struct Range {
  std::uint8_t lowest = 0;
  std::uint8_t highest = 255;
};

std::array<Range, DDI_COUNT> ranges() {
  const DdiSet release = {"KeReleaseSpinLock"};
  std::array<Range, DDI_COUNT> result;
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    const bool elsewhere = release.contains(ddi) || irql_ke_dispatch_lte_ddis().contains(ddi) ||
                           irql_dispatch_exact_ddis().contains(ddi) || irql_dispatch_at_least_ddis().contains(ddi) ||
                           irql_ps_passive_ddis().contains(ddi);
    if (!elsewhere) result[ddi] = {ddi_info(ddi).min_irql, ddi_info(ddi).max_irql};
  }
  return result;
}

std::string allowed_text(Range range) {
  if (range.lowest == range.highest) return irql_text(range.lowest);
  if (range.lowest == 0) return "at most " + irql_text(range.highest);
  if (range.highest >= 31) return "at least " + irql_text(range.lowest);
  return irql_text(range.lowest) + " to " + irql_text(range.highest);
}

bool returns_where_it_was_called(std::uint32_t callback) {
  switch (static_cast<callback_number>(callback)) {
    case CALLBACK_DriverEntry:
    case CALLBACK_AddDevice:
    case CALLBACK_Unload:
    case CALLBACK_StartIo:
    case CALLBACK_Cancel:
    case CALLBACK_Dpc:
    case CALLBACK_Completion:
    case CALLBACK_WorkItem:
    case CALLBACK_Thread:
    case CALLBACK_Isr: return true;
    case CALLBACK_Dispatch:
    case CALLBACK_Csq:
    case CALLBACK_Other:
    case CALLBACK_COUNT: return false;
  }
  return false;
}

class IrqlContractRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter) | interest(EVENT_CallbackLeave); }
  bool wants_call(std::uint16_t ddi, std::uint8_t irql) const override {
    return ddi < DDI_COUNT && (irql < ranges_[ddi].lowest || irql > ranges_[ddi].highest);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_DdiEnter) return judge_call(event, index, findings);
    if (!returns_where_it_was_called(event.arg2)) return;
    judge_irql_at_return(RuleId::IrqlContract, return_note(event.arg2), trace, index, ledger, findings);
  }

 private:
  void judge_call(const Event& event, std::uint32_t index, std::vector<Finding>& findings) const {
    if (!wants_call(event.ddi, event.irql)) return;
    const Range range = ranges_[event.ddi];
    findings.push_back({RuleId::IrqlContract,
                        std::string(ddi_name(event.ddi)) + " called at " + irql_text(event.irql) +
                            ", its page allows " + allowed_text(range),
                        index, {}});
  }

  const std::array<Range, DDI_COUNT> ranges_ = ranges();
};

}  // namespace

std::unique_ptr<Rule> make_irql_contract() { return std::make_unique<IrqlContractRule>(); }

}  // namespace wdm
