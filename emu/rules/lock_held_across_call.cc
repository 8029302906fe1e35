// LockHeldAcrossCall, advice: IoCallDriver is not called while a spin lock is held.
// Documentation: "Points to consider when canceling IRPs" (no call out of the driver under a lock). No bug check; the drivers
// below may complete the IRP at once, and its completion routine then runs under the lock.
//
// Checks:
// 1. The driver passes no IRP down while its call chain holds any kind of spin lock.
//
// Other calls that a held spin lock forbids are errors, and other rules': completing an IRP and starting the next packet are
// SpinLockSafe's; waiting, pageable code and paged pool at DISPATCH_LEVEL those of the IRQL.
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LockHeldAcrossCallRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrpForward); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.site == kNoSite) return;
    for (const HeldLock& held : ledger.held()) {
      if (held.thread != event.thread || ledger.interrupted(held)) continue;
      findings.push_back({RuleId::LockHeldAcrossCall,
                          label_text(trace, event.object) + " passed down while " + label_text(trace, held.lock) + " is held",
                          index, {acquired(trace, held)}});
      return;
    }
  }
};

}  // namespace

std::unique_ptr<Rule> make_lock_held_across_call() { return std::make_unique<LockHeldAcrossCallRule>(); }

}  // namespace wdm
