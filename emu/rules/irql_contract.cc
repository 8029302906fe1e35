// IrqlContract: every routine is called at an IRQL that its documentation page allows. With it the rules of Microsoft's
// that say the same of the routines they list: IrqlKeDispatchLte, IrqlDispatch, IrqlKeApcLte1, IrqlIoPassive1, ...
// (irql_lists.cc has all of them). A call is judged by one rule: Microsoft's where one covers the routine.
// Documentation: "IrqlKeDispatchLte rule (wdm)" and so on; the page of each routine (emu/nt/ddis.def has its title).
// Bug checks 0xC4, 0x000200xx; of IrqlContract 0xC4, 0xE5.
//
// Checks:
// 1. A DDI is called at an IRQL between the lowest and the highest of its line in ddis.def.
// 2. IrqlContract: a DPC, StartIo, completion, work item, cancel, thread, ISR, load or other routine returns at the
//    IRQL at which it was called (bug check 0xC8; 0xFA, 0xE1, 0x111). A cancel routine returns at the IRQL that the cancel
//    lock gave back.
//
// What depends on arguments (a wait's timeout, the pool type) is seen by the kernel, which says so in a Violation event
// under the name of the DDI's rule.
//
// Narrowed:
// - Where the page of a rule and the page of a routine differ, the looser bound is the one in ddis.def.
// - KeReleaseSpinLock is IrqlKeReleaseSpinLock's, dispatch routines that return are IrqlReturn's. Callbacks of a
//   cancel-safe queue raise and lower for their caller.
#include <array>

#include "emu/rules/irql_at_return.h"
#include "emu/rules/irql_lists.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

std::string allowed_text(const DdiInfo& info) {
  if (info.min_irql == info.max_irql) return irql_text(info.min_irql);
  if (info.min_irql == 0) return "at most " + irql_text(info.max_irql);
  if (info.max_irql >= 31) return "at least " + irql_text(info.min_irql);
  return irql_text(info.min_irql) + " to " + irql_text(info.max_irql);
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
    case CALLBACK_Isr:
    case CALLBACK_Other: return true;
    case CALLBACK_Dispatch:
    case CALLBACK_Csq:
    case CALLBACK_COUNT: return false;
  }
  return false;
}

class IrqlContractRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter) | interest(EVENT_CallbackLeave); }
  bool wants_call(std::uint16_t ddi, std::uint8_t irql) const override {
    return ddi != DDI_None && ddi < DDI_COUNT && (irql < ddi_info(ddi).min_irql || irql > ddi_info(ddi).max_irql);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_DdiEnter) return judge_call(trace, index, findings);
    if (!returns_where_it_was_called(event.arg2)) return;
    judge_irql_at_return(RuleId::IrqlContract, return_note(event.arg2), trace, index, ledger, findings);
  }

 private:
  void judge_call(const Trace& trace, std::uint32_t index, std::vector<Finding>& findings) const {
    const Event& event = trace.events[index];
    findings.push_back({irql_rule(trace, event.ddi, event.object),
                        std::string(ddi_name(event.ddi)) + " called at " + irql_text(event.irql) + ", allowed is " +
                            allowed_text(ddi_info(event.ddi)),
                        index, {}});
  }
};

}  // namespace

std::shared_ptr<Rule> make_irql_contract(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<IrqlContractRule>();
}

}  // namespace wdm
