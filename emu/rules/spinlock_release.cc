// SpinlockRelease: a spin lock is released only while it is held, by the context that acquired it.
// Documentation: "SpinlockRelease rule (wdm)". Bug check 0xC4, 0x0004000A (the rule page prints 0x0004000B), 0x1007
// when it is not held, 0x1004 by the wrong thread; also 0x10.
//
// Checks:
// 1. The lock is held.
// 2. The thread that releases it acquired it, and not in code that a DPC or ISR has interrupted.
//
// Other than the page says:
// - Executive and interrupt spin locks are covered too. Queued locks: queued_spin_lock_release.cc; cancel lock:
//   cancel_spinlock_release.cc. A release of the wrong family: lock_wrong_type.cc.
// - Acquired in one routine and released in another that it called is legal: ownership is the call chain.
// - The order in which nested locks are released is free. Driver Verifier's 0x1003 is not made a finding.
// - Acquire and FromDpcLevel release may be mixed: the IRQL is judged by IrqlKeReleaseSpinLock and IrqlReturn.
#include "emu/rules/locks.h"

namespace wdm {
namespace {

bool mine(std::uint32_t kind) {
  const std::uint32_t base = lock_base(kind);
  return base == MACH_LOCK_SPIN || base == MACH_LOCK_EX_SHARED || base == MACH_LOCK_EX_EXCLUSIVE ||
         base == MACH_LOCK_INTERRUPT;
}

class SpinlockReleaseRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_LockRelease); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (mine(event.arg2)) judge_release(RuleId::SpinlockRelease, trace, index, ledger, findings);
  }
};

}  // namespace

std::unique_ptr<Rule> make_spinlock_release() { return std::make_unique<SpinlockReleaseRule>(); }

}  // namespace wdm
