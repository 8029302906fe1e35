// DebugBreakUsage: a driver does not call DbgBreakPoint or DbgBreakPointWithStatus.
// Documentation: "DebugBreakUsage rule (wdm)". No bug check of its own; without a debugger 0x7E.
//
// Checks:
// 1. Neither is called, nor __debugbreak, which is the same here.
//
// Advice: checked builds (-D DBG=1) do it on purpose, and others after looking whether there is a debugger.
#include "emu/rules/rule.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class DebugBreakUsageRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override {
    return ddi == DDI_DbgBreakPoint || ddi == DDI_DbgBreakPointWithStatus;
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    findings.push_back({RuleId::DebugBreakUsage, std::string(ddi_name(trace.events[index].ddi)) + " is called", index, {}});
  }
};

}  // namespace

std::unique_ptr<Rule> make_debug_break_usage() { return std::make_unique<DebugBreakUsageRule>(); }

}  // namespace wdm
