// DeleteDevice and PnpSurpriseRemove: when a device object is detached and deleted.
// Documentation: "DeleteDevice rule (wdm)", "PnpSurpriseRemove rule (wdm)". Bug checks 0xC9, 0x201, 0x241 and 0x242.
//
// Checks:
// 1. The dispatch routine of IRP_MN_REMOVE_DEVICE does not delete its device, which is attached to another, before it has passed
//    the IRP down. DeleteDevice, advice: whoever sent the request keeps the stack until it returns, and drivers count on that.
// 2. The dispatch routine of IRP_MN_SURPRISE_REMOVAL does not call IoDetachDevice, and does not delete its device.
//    PnpSurpriseRemove.
//
// Narrowed: that a deleted device object is not used any more is seen by AddressSanitizer.
#include "emu/rules/attached_devices.h"
#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class DeleteDeviceRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override {
    return ddi == DDI_IoDetachDevice || ddi == DDI_IoDeleteDevice || AttachedDevices::attaches(ddi);
  }
  void reset() override { attached_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (AttachedDevices::attaches(event.ddi)) return attached_.note(event);
    const Activation* dispatch = ledger.dispatching(event.thread);
    if (dispatch == nullptr) return;
    const DispatchCall call(trace.events[dispatch->event].arg);
    const bool deletes = event.ddi == DDI_IoDeleteDevice && event.object == call.device;
    const bool detaches = event.ddi == DDI_IoDetachDevice;
    if (is_pnp(call, pnp::kSurpriseRemoval) && (deletes || detaches)) {
      findings.push_back({RuleId::PnpSurpriseRemove,
                          label_text(trace, call.device) + (deletes ? " is deleted" : " is detached") +
                              " for IRP_MN_SURPRISE_REMOVAL, but IRP_MN_REMOVE_DEVICE is still to come",
                          index, {{dispatch->event, "told of the surprise removal"}}});
    }
    const bool passed_down = ledger.irp(dispatch->object).forwarded > dispatch->event + 1;
    if (is_pnp(call, pnp::kRemove) && deletes && !passed_down && attached_.contains(call.device)) {
      findings.push_back({RuleId::DeleteDevice,
                          label_text(trace, call.device) + " is deleted before " + label_text(trace, dispatch->object) +
                              " is passed down",
                          index, {{dispatch->event, "asked to remove"}}});
    }
  }

 private:
  AttachedDevices attached_;
};

}  // namespace

std::shared_ptr<Rule> make_delete_device(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<DeleteDeviceRule>();
}

}  // namespace wdm
