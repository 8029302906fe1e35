// IoReleaseRemoveLockAndWaitOutsideRemoveDevice: IoReleaseRemoveLockAndWait is called only for IRP_MN_REMOVE_DEVICE.
// Documentation: "IoReleaseRemoveLockAndWaitOutsideRemoveDevice rule (wdm)". No bug check.
//
// Checks:
// 1. A driver whose AddDevice routine has been called does not call IoReleaseRemoveLockAndWait in a dispatch routine for
//    something else.
//
// Advice: a lock that guards something smaller than the device, such as an open file, is closed where that ends.
#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class RemoveLockWaitRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_CallbackEnter) | interest(EVENT_RemoveRelease); }
  void reset() override { added_ = false; }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_CallbackEnter) {
      added_ |= event.arg2 == CALLBACK_AddDevice;
      return;
    }
    const Activation* dispatch = ledger.dispatching(event.thread);
    if (!added_ || (event.arg & 1) == 0 || dispatch == nullptr) return;
    if (is_pnp(DispatchCall(trace.events[dispatch->event].arg), pnp::kRemove)) return;
    findings.push_back({RuleId::IoReleaseRemoveLockAndWaitOutsideRemoveDevice,
                        "IoReleaseRemoveLockAndWait for " + label_text(trace, event.object) +
                            " in a dispatch routine that does not remove the device",
                        index, {{dispatch->event, "the routine was called"}}});
  }

 private:
  bool added_ = false;
};

}  // namespace

std::unique_ptr<Rule> make_remove_lock_wait() { return std::make_unique<RemoveLockWaitRule>(); }

}  // namespace wdm
