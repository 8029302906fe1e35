// DeviceAfterUnload: the driver deletes its device objects before it is unloaded, and before DriverEntry fails.
// Documentation: "Writing an Unload routine". Bug check 0xCE (the next request runs code that is gone).
//
// Checks:
// 1. When the Unload routine has returned, or DriverEntry with an error, no device object of the driver is left.
//
// Narrowed: a plug-and-play driver with a device left, which perhaps did not want to be removed, is not unloaded.
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class DeviceAfterUnloadRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_CallbackLeave) | interest(EVENT_EndDevice); }
  void reset() override { unloaded_ = 0; }
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_CallbackLeave) {
      const bool failed = event.arg2 == CALLBACK_DriverEntry && (event.arg >> 31 & 1) != 0;
      if (failed || event.arg2 == CALLBACK_Unload) unloaded_ = index + 1;
      return;
    }
    if (unloaded_ == 0) return;
    const std::uint32_t callback = trace.events[unloaded_ - 1].arg2;
    findings.push_back({RuleId::DeviceAfterUnload,
                        label_text(trace, event.object) + " not deleted when the " + std::string(callback_name(callback)) +
                            (callback == CALLBACK_Unload ? " has returned" : " fails"),
                        place(trace, index, event.object), {{index, "still there"}}});
  }

 private:
  // Nothing of the driver runs any more: show where it last had to do with the device.
  static std::uint32_t place(const Trace& trace, std::uint32_t index, ObjectId device) {
    for (std::uint32_t at = index; at-- > 0;) {
      if (trace.events[at].object == device && trace.events[at].site != kNoSite) return at;
    }
    return trace.objects[device].event;
  }

  std::uint32_t unloaded_ = 0;  // index of the return after which the driver goes, plus 1
};

}  // namespace

std::unique_ptr<Rule> make_device_after_unload() { return std::make_unique<DeviceAfterUnloadRule>(); }

}  // namespace wdm
