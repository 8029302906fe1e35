// QueuedSpinLock: an in-stack queued spin lock is released before it is acquired again and before the dispatch or cancel
// routine ends.
// Documentation: "QueuedSpinLock rule (wdm)". Bug check 0xC4, 0x00040006; the release checks are QueuedSpinLockRelease,
// 0x00040007; mixed use of one lock is 0x1008 and 0x1009.
//
// Checks:
// 1. A queued lock is not acquired by the thread that holds it, in the same routine or one it called.
// 2. No queued lock acquired in a routine is held when that routine returns.
// 3. A queued lock is released only while it is held, by the context that acquired it.
// 4. What is released with a queued routine was acquired with one.
// 5. One KSPIN_LOCK is always acquired as an ordinary or always as a queued lock.
//
// Other than the page says: the routines of check 2 and the exceptions are those of spin_lock.cc and
// spinlock_release.cc. Check 5 starts afresh when the lock is initialised again.
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class QueuedSpinLockRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockInit) | interest(EVENT_LockAttempt) | interest(EVENT_LockRelease) |
           interest(EVENT_CallbackLeave) | interest(EVENT_ThreadExit);
  }
  void reset() override { first_use_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_LockInit: return forget(event.object);
      case EVENT_LockAttempt: return judge_attempt(trace, index, ledger, findings);
      case EVENT_LockRelease: return judge_queued_release(trace, index, ledger, findings);
      case EVENT_CallbackLeave:
      case EVENT_ThreadExit:
        return judge_held_at_return(RuleId::QueuedSpinLock, 1 << MACH_LOCK_QUEUED, trace, index, ledger, findings);
    }
  }

 private:
  void forget(ObjectId lock) {
    if (lock < first_use_.size()) first_use_[lock] = 0;
  }

  void judge_attempt(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const std::uint32_t kind = lock_base(event.arg2);
    if (kind == MACH_LOCK_QUEUED) judge_acquired_again(RuleId::QueuedSpinLock, trace, index, ledger, findings);
    if (kind != MACH_LOCK_QUEUED && kind != MACH_LOCK_SPIN) return;
    if (event.object >= first_use_.size()) first_use_.resize(event.object + 1);
    std::uint32_t& first = first_use_[event.object];
    if (first == 0) first = index + 1;
    const std::uint32_t before = trace.events[first - 1].arg2;
    if (lock_base(before) == kind || !findings.empty()) return;
    findings.push_back({RuleId::QueuedSpinLock,
                        "lock acquired as a " + std::string(lock_noun(kind)) + " that was a " +
                            std::string(lock_noun(before)) + " before (0xC4, 0x1008)",
                        index,
                        {{first - 1, label_text(trace, event.object) + " as a " + std::string(lock_noun(before))}}});
  }

  void judge_queued_release(const Trace& trace, std::uint32_t index, const Ledger& ledger,
                            std::vector<Finding>& findings) const {
    const Event& event = trace.events[index];
    if (lock_base(event.arg2) != MACH_LOCK_QUEUED) return;
    if (!judge_release(RuleId::QueuedSpinLock, trace, index, ledger, findings)) return;
    const HeldLock& held = *ledger.find(event.object, event.thread);
    if (lock_base(held.kind) == MACH_LOCK_QUEUED) return;
    findings.push_back({RuleId::QueuedSpinLock,
                        std::string(lock_noun(held.kind)) + " released as if it were a queued spin lock (0xC4, 0x1009)",
                        index, {acquired(trace, held)}});
  }

  std::vector<std::uint32_t> first_use_;  // by lock: index of its first LockAttempt plus 1
};

}  // namespace

std::unique_ptr<Rule> make_queued_spin_lock() { return std::make_unique<QueuedSpinLockRule>(); }

}  // namespace wdm
