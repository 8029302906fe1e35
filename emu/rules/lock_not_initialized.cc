// LockNotInitialized: a spin lock is initialised with KeInitializeSpinLock before it is used.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x1002.
//
// Checks:
// 1. Before the first use of an ordinary or queued spin lock, a try included, the lock was initialised.
//
// Zeroed memory happens to be a free spin lock on x64, so drivers that forget this seem to work; Driver Verifier stops
// there and so does this rule. Once for each lock. Executive spin locks have no initialising routine; the cancel lock
// and the locks of the kernel are initialised by the kernel.
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LockNotInitializedRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockInit) | interest(EVENT_LockAttempt) | interest(EVENT_LockAcquired) |
           interest(EVENT_LockTryFailed);
  }
  void reset() override { known_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const std::uint32_t kind = lock_base(event.arg2);
    if (kind != MACH_LOCK_SPIN && kind != MACH_LOCK_QUEUED) return;
    if (event.object >= known_.size()) known_.resize(event.object + 1);
    if (known_[event.object] != 0) return;
    known_[event.object] = 1;
    if (event.kind == EVENT_LockInit) return;
    findings.push_back({RuleId::LockNotInitialized,
                        label_text(trace, event.object) + " used before KeInitializeSpinLock", index, {}});
  }

 private:
  std::vector<std::uint8_t> known_;  // by lock: 1 when initialised or reported
};

}  // namespace

std::unique_ptr<Rule> make_lock_not_initialized() { return std::make_unique<LockNotInitializedRule>(); }

}  // namespace wdm
