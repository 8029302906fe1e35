// CheckDeviceObjectFlags: a bus driver gives its children the power flags of its bus.
// Documentation: "CheckDeviceObjectFlags rule (wdm)". Bug check 0xC9, 0x23F.
//
// Checks:
// 1. When a bus driver reports a device for the first time, DO_POWER_PAGABLE and DO_POWER_INRUSH are set for it as they are for
//    the driver's device on the bus.
//
// Advice: a pageable child of a bus that is not, which is what most bus drivers have, works.
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

constexpr std::uint32_t kPowerPagable = 0x2000, kPowerInrush = 0x4000;

class CheckDeviceObjectFlagsRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_Reported); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const auto child = static_cast<std::uint32_t>(event.arg), bus = static_cast<std::uint32_t>(event.arg >> 32);
    const std::uint32_t different = (child ^ bus) & (kPowerPagable | kPowerInrush);
    if (different == 0) return;
    const char* flag = (different & kPowerPagable) != 0 ? "DO_POWER_PAGABLE" : "DO_POWER_INRUSH";
    findings.push_back({RuleId::CheckDeviceObjectFlags,
                        std::string(flag) + " of " + label_text(trace, event.object) + " is not as that of its bus, " +
                            label_text(trace, event.arg2),
                        index, {}});
  }
};

}  // namespace

std::unique_ptr<Rule> make_check_device_object_flags() { return std::make_unique<CheckDeviceObjectFlagsRule>(); }

}  // namespace wdm
