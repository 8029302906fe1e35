// CancelSpinLock: the cancel spin lock is not acquired twice, and not held when a dispatch or cancel routine ends.
// Documentation: "CancelSpinLock rule (wdm)". Bug check 0x11B (recursion 0xF).
//
// Checks:
// 1. The cancel lock is not acquired by the thread that holds it. A cancel routine holds it from the start.
// 2. It is not held when a routine returns that acquired it, nor ever when a cancel routine returns.
//
// Other than the page says:
// - "Nested calls are permitted" cannot mean the cancel lock itself: there is one, and a second acquire never ends.
// - Check 2 also covers the other routines that spin_lock.cc lists. Spin locks other than the cancel lock are
//   SpinLock's and QueuedSpinLock's.
#include "emu/rules/locks.h"

namespace wdm {
namespace {

class CancelSpinLockRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockAttempt) | interest(EVENT_CallbackLeave) | interest(EVENT_ThreadExit);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind != EVENT_LockAttempt) {
      return judge_held_at_return(RuleId::CancelSpinLock, 1 << MACH_LOCK_CANCEL, trace, index, ledger, findings);
    }
    if (lock_base(event.arg2) == MACH_LOCK_CANCEL) {
      judge_acquired_again(RuleId::CancelSpinLock, trace, index, ledger, findings);
    }
  }
};

}  // namespace

std::unique_ptr<Rule> make_cancel_spin_lock() { return std::make_unique<CancelSpinLockRule>(); }

}  // namespace wdm
