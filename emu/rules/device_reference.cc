// DanglingDeviceObjectReference and TargetRelationNeedsRef: references to device objects.
// Documentation: "DanglingDeviceObjectReference rule (wdm)", "TargetRelationNeedsRef rule (wdm)". Bug checks 0xC4, 0x3F and 0xC9, 0x22C.
//
// Checks:
// 1. When the driver is unloaded, every reference that IoGetAttachedDeviceReference took was dropped: no device was got more
//    often than references to it were dropped. DanglingDeviceObjectReference.
// 2. A driver that answers IRP_MN_QUERY_DEVICE_RELATIONS for TargetDeviceRelation has taken a reference to the device since it was
//    asked: who asked will drop it. TargetRelationNeedsRef.
//
// Narrowed: a reference that was dropped once too often stops the machine (0x18) where that is seen.
#include <algorithm>

#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class DeviceReferenceRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_Reference) | interest(EVENT_TargetRelation) | interest(EVENT_CallbackLeave);
  }
  void reset() override { devices_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_Reference: return count(event, index);
      case EVENT_TargetRelation: return judge_relation(trace, index, findings);
      case EVENT_CallbackLeave:
        if (event.arg2 == CALLBACK_Unload) judge_unload(trace, index, findings);
        return;
    }
  }

 private:
  struct Device {
    ObjectId device;
    std::uint32_t got, dropped;
    std::uint32_t event;  // where it was got last
  };

  void count(const Event& event, std::uint32_t index) {
    const bool got = event.arg != 0 && event.ddi == DDI_IoGetAttachedDeviceReference;
    auto device = std::ranges::find(devices_, event.object, &Device::device);
    if (device == devices_.end()) {
      if (!got) return;
      device = devices_.insert(devices_.end(), {event.object, 0, 0, index});
    }
    if (event.arg == 0) ++device->dropped;
    if (got) {
      ++device->got;
      device->event = index;
    }
  }

  void judge_unload(const Trace& trace, std::uint32_t index, std::vector<Finding>& findings) const {
    for (const Device& device : devices_) {
      if (device.got <= device.dropped) continue;
      findings.push_back({RuleId::DanglingDeviceObjectReference,
                          "the reference to " + label_text(trace, device.device) +
                              " that IoGetAttachedDeviceReference took is never dropped",
                          device.event, {{index, "the driver is unloaded"}}});
    }
  }

  // Back to where the request was made; whoever sent it is the thread that has the answer now.
  static void judge_relation(const Trace& trace, std::uint32_t index, std::vector<Finding>& findings) {
    const Event& answer = trace.events[index];
    std::uint32_t completed = index;
    for (std::uint32_t at = index; at-- > 0;) {
      const Event& event = trace.events[at];
      if (event.kind == EVENT_Reference && event.object == answer.object && event.arg != 0) return;
      if (event.kind == EVENT_IrpComplete && event.site != kNoSite && completed == index) completed = at;
      if (event.kind == EVENT_IrpCreate && event.thread == answer.thread && event.arg == major::kPnp) break;
    }
    findings.push_back({RuleId::TargetRelationNeedsRef,
                        label_text(trace, answer.object) + " is returned for TargetDeviceRelation without a reference to it",
                        completed, {{index, "who asked drops the reference"}}});
  }

  std::vector<Device> devices_;
};

}  // namespace

std::shared_ptr<Rule> make_device_reference(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<DeviceReferenceRule>();
}

}  // namespace wdm
