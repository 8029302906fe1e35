// AddDevice: an AddDevice routine attaches its device only after it has made it.
// Documentation: "AddDevice rule (wdm)". No bug check.
//
// Checks:
// 1. In an AddDevice routine, IoCreateDevice or IoCreateDeviceSecure comes before IoAttachDeviceToDeviceStack.
//
// Narrowed: whether the call succeeded is not asked; the device pointer of one that failed is null, and using it a crash.
#include "emu/rules/attached_devices.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

bool creates(std::uint16_t ddi) {
  static const DdiSet ddis = {"IoCreateDevice", "IoCreateDeviceSecure", "WdmlibIoCreateDeviceSecure"};
  return ddis.contains(ddi);
}

class AddDeviceRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return creates(ddi) || AttachedDevices::attaches(ddi); }
  void reset() override { created_in_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (creates(event.ddi)) return created_in_.push_back(event.activation);
    const auto activations = ledger.activations(event.thread);
    if (activations.empty() || activations.back().callback != CALLBACK_AddDevice) return;
    if (std::ranges::find(created_in_, event.activation) != created_in_.end()) return;
    findings.push_back({RuleId::AddDevice, label_text(trace, event.object) + " is attached by an AddDevice routine that has made no device",
                        index, {{activations.back().event, "AddDevice was called"}}});
  }

 private:
  std::vector<std::uint16_t> created_in_;  // activations
};

}  // namespace

std::unique_ptr<Rule> make_add_device() { return std::make_unique<AddDeviceRule>(); }

}  // namespace wdm
