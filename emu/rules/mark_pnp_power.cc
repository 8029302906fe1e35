// MarkStartDevice, MarkQueryRelations, MarkPower, MarkDevicePower and MarkPowerDown: PnP and power IRPs that a driver goes on with
// after the lower drivers are marked pending.
// Documentation: "MarkStartDevice rule (wdm)" and so on. Bug check 0xC9, 0x23D.
//
// Checks, when a dispatch routine returns that has passed its IRP down with a completion routine:
// 1. It has called IoMarkIrpPending and returns STATUS_PENDING for IRP_MN_START_DEVICE (MarkStartDevice),
//    IRP_MN_QUERY_DEVICE_RELATIONS (MarkQueryRelations), and a system's IRP_MN_SET_POWER to S0 (MarkPower, or MarkDevicePower when
//    it has called PoRequestPowerIrp) or below (MarkPowerDown).
//
// Advice: waiting for the lower drivers instead, or marking in the completion routine, is as good.
#include <algorithm>

#include "emu/rules/dispatch_return.h"
#include "emu/rules/irp_codes.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class MarkPnpPowerRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter) | interest(EVENT_CallbackLeave); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return ddi == DDI_PoRequestPowerIrp; }
  void reset() override { requested_in_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_DdiEnter) {
      if (const Activation* dispatch = ledger.dispatching(event.thread)) requested_in_.push_back(dispatch->event);
      return;
    }
    const auto dispatch = dispatch_return(trace, index, ledger);
    if (!dispatch || !dispatch->forwarded || (dispatch->marked && dispatch->returns_pending)) return;
    const std::uint32_t forwarded = ledger.irp(event.object).forwarded - 1;
    if (!ForwardCall(trace.events[forwarded].arg).has_completion_routine) return;
    const DispatchCall call(trace.events[dispatch->entered].arg);
    const bool requests = std::ranges::find(requested_in_, dispatch->entered) != requested_in_.end();
    const auto rule = rule_of(call, requests);
    if (!rule) return;
    findings.push_back({*rule, label_text(trace, event.object) + " is passed down with a completion routine, but not pended", forwarded,
                        {{index, "the dispatch routine returns"}}});
  }

 private:
  static std::optional<RuleId> rule_of(const DispatchCall& call, bool requests_power) {
    if (is_pnp(call, pnp::kStart)) return RuleId::MarkStartDevice;
    if (is_pnp(call, pnp::kQueryDeviceRelations)) return RuleId::MarkQueryRelations;
    if (!is_system_power(call)) return std::nullopt;
    switch (power_way(call)) {
      case PowerWay::none: return std::nullopt;
      case PowerWay::up: return requests_power ? RuleId::MarkDevicePower : RuleId::MarkPower;
      case PowerWay::down: return RuleId::MarkPowerDown;
    }
    return std::nullopt;
  }

  std::vector<std::uint32_t> requested_in_;  // entries of dispatch routines
};

}  // namespace

std::shared_ptr<Rule> make_mark_pnp_power(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<MarkPnpPowerRule>();
}

}  // namespace wdm
