// SpinLock: after KeAcquireSpinLock, KeReleaseSpinLock comes before the same lock is acquired again, and every spin
// lock is released before the dispatch or cancel routine ends.
// Documentation: "SpinLock rule (wdm)". Bug check 0xC4, 0x00040009 (recursion also 0xF, left held also 0xC8).
//
// Checks:
// 1. A spin lock is not acquired by the thread that holds it, in the same routine or one it called.
// 2. No spin lock acquired in a routine is held when that routine returns.
//
// Other than the page says:
// - AtDpcLevel acquires count too; the page's list has only the try form. A try on one's own lock fails and harms nobody.
// - Check 2 also covers DPC, StartIo, completion, work item, thread, ISR and load routines: Windows stops there as well.
// - Executive and interrupt spin locks have no rule of their own: check 2 is made for them here, and check 1 for executive
//   ones. Their pages forbid that in any mode, also shared again: a writer that waits in between stops the second acquire.
// - Check 1 leaves a lock held by code that this DPC has interrupted to Deadlock: two routines are at fault, not one.
// - Where a function that only helps returns does not matter, only where the routine the kernel called returns; and the
//   callbacks of a cancel-safe queue take and release locks for their caller.
#include "emu/rules/locks.h"

namespace wdm {
namespace {

class SpinLockRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockAttempt) | interest(EVENT_CallbackLeave) | interest(EVENT_ThreadExit);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind != EVENT_LockAttempt) {
      constexpr std::uint32_t kinds = 1 << MACH_LOCK_SPIN | 1 << MACH_LOCK_EX_SHARED | 1 << MACH_LOCK_EX_EXCLUSIVE |
                                      1 << MACH_LOCK_INTERRUPT;
      return judge_held_at_return(RuleId::SpinLock, kinds, trace, index, ledger, findings);
    }
    constexpr std::uint32_t recursion = 1 << MACH_LOCK_SPIN | 1 << MACH_LOCK_EX_SHARED | 1 << MACH_LOCK_EX_EXCLUSIVE;
    if ((recursion >> lock_base(event.arg2) & 1) != 0) {
      judge_acquired_again(RuleId::SpinLock, trace, index, ledger, findings);
    }
  }
};

}  // namespace

std::unique_ptr<Rule> make_spin_lock() { return std::make_unique<SpinLockRule>(); }

}  // namespace wdm
