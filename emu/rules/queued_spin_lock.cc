// QueuedSpinLock: an in-stack queued spin lock is released before it is acquired again and before the dispatch or cancel
// routine ends.
// Documentation: "QueuedSpinLock rule (wdm)". Bug check 0xC4, 0x00040006.
//
// Checks:
// 1. A queued lock is not acquired by the thread that holds it, in the same routine or one it called.
// 2. No queued lock acquired in a routine is held when that routine returns.
//
// Other than the page says: the routines of check 2 and the exceptions are those of spin_lock.cc. Releases are
// queued_spin_lock_release.cc's; a lock that is sometimes an ordinary one, lock_wrong_type.cc's.
#include "emu/rules/locks.h"

namespace wdm {
namespace {

class QueuedSpinLockRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockAttempt) | interest(EVENT_CallbackLeave) | interest(EVENT_ThreadExit);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind != EVENT_LockAttempt)
      return judge_held_at_return(RuleId::QueuedSpinLock, 1 << MACH_LOCK_QUEUED, trace, index, ledger, findings);
    if (lock_base(event.arg2) == MACH_LOCK_QUEUED)
      judge_acquired_again(RuleId::QueuedSpinLock, trace, index, ledger, findings);
  }
};

}  // namespace

std::unique_ptr<Rule> make_queued_spin_lock() { return std::make_unique<QueuedSpinLockRule>(); }

}  // namespace wdm
