// SpinLock: after KeAcquireSpinLock, KeReleaseSpinLock comes before the same lock is acquired again, and every spin
// lock is released before the dispatch or cancel routine ends.
// SpinLockDpc: the same in DPC and StartIo routines, which run at DISPATCH_LEVEL.
// Documentation: "SpinLock rule (wdm)", "SpinLockDpc rule (wdm)". Bug check 0xC4, 0x00040009 (recursion also 0xF, left held
// also 0xC8); SpinLockDpc has no code of its own.
//
// Checks of both:
// 1. A spin lock is not acquired by the thread that holds it, in the same routine or one it called.
// 2. No spin lock acquired in a routine is held when that routine returns.
//
// Microsoft's pages demand the same of both rules. Here SpinLockDpc judges what a DPC or StartIo routine, or code that it
// called, does with ordinary spin locks; SpinLock everything else, so that one mistake has one name.
//
// Other than the pages say:
// - AtDpcLevel acquires count too; the page's list has only the try form. A try on one's own lock fails and harms nobody.
// - Check 2 also covers DPC, StartIo, completion, work item, thread, ISR and load routines: Windows stops there as well.
// - Executive and interrupt spin locks have no rule of their own: check 2 is made for them here, and check 1 for executive
//   ones. Their pages forbid that in any mode, also shared again: a writer that waits in between stops the second acquire.
// - Check 1 leaves a lock held by code that this DPC has interrupted to Deadlock: two routines are at fault, not one.
// - Where a function that only helps returns does not matter, only where the routine the kernel called returns; and the
//   callbacks of a cancel-safe queue take and release locks for their caller.
#include <algorithm>

#include "emu/rules/locks.h"

namespace wdm {
namespace {

class SpinLockRule final : public Rule {
 public:
  explicit SpinLockRule(RuleId rule) : rule_(rule) {}

  std::uint64_t interests() const override {
    return interest(EVENT_LockAttempt) | interest(EVENT_CallbackLeave) | interest(EVENT_ThreadExit);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    if (ledger.held().empty()) return;
    const Event& event = trace.events[index];
    const bool by_dpc = runs_at_dispatch_level(ledger.activations(event.thread));
    if (event.kind != EVENT_LockAttempt)
      return judge_held_at_return(rule_, kinds(by_dpc, kLeft), trace, index, ledger, findings);
    if ((kinds(by_dpc, kRecursion) >> lock_base(event.arg2) & 1) != 0)
      judge_acquired_again(rule_, trace, index, ledger, findings);
  }

 private:
  static constexpr std::uint32_t kSpin = 1 << MACH_LOCK_SPIN;
  static constexpr std::uint32_t kRecursion = kSpin | 1 << MACH_LOCK_EX_SHARED | 1 << MACH_LOCK_EX_EXCLUSIVE;
  static constexpr std::uint32_t kLeft = kRecursion | 1 << MACH_LOCK_INTERRUPT;

  // The innermost routine that the kernel called, but for callbacks that work for their caller.
  static bool runs_at_dispatch_level(std::span<const Activation> activations) {
    const auto found = std::find_if(activations.rbegin(), activations.rend(),
                                    [](const Activation& activation) { return ends_lock_scope(activation.callback); });
    return found != activations.rend() && (found->callback == CALLBACK_Dpc || found->callback == CALLBACK_StartIo);
  }

  // Of `judged`, those that this rule judges.
  std::uint32_t kinds(bool by_dpc, std::uint32_t judged) const {
    if (rule_ == RuleId::SpinLockDpc) return by_dpc ? kSpin : 0;
    return by_dpc ? judged & ~kSpin : judged;
  }

  const RuleId rule_;
};

}  // namespace

std::shared_ptr<Rule> make_spin_lock(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<SpinLockRule>(rule);
}

}  // namespace wdm
