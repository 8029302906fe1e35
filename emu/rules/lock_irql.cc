// LockIrql: while a spin lock is held, nothing can run on its processor that wants the lock, too.
// Documentation: "Introduction to spin locks", "Calling support routines that use spin locks". Bug check 0xF (what has
// interrupted the holder spins for ever).
//
// Checks:
// 1. No KeLowerIrql, release of a queued, executive or cancel lock, or end of a guarded region lowers the IRQL below
//    DISPATCH_LEVEL while the same call chain holds a spin lock. The usual case: a cancel routine takes its queue's lock
//    and then gives back the cancel lock with Irp->CancelIrql.
//
// 2. No spin lock is acquired under an interrupt spin lock, as service routines are called, that is elsewhere held at
//    DISPATCH_LEVEL or below: there its holder can be interrupted. The run need not hang. The ExInterlocked routines mask
//    interrupts, so they may be called at both levels, but not with a lock that is also acquired in another way.
//
// Narrowed: KeReleaseSpinLock is IrqlKeReleaseSpinLock's. A lock acquired with an AtDpcLevel form at too low an IRQL is
// IrqlDispatch's. Locks of code that a DPC has interrupted do not count.
#include <algorithm>

#include "emu/rules/ddi_set.h"
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

// The lowering half of KeReleaseSpinLock.
bool after_plain_release(const Trace& trace, std::uint32_t index) {
  if (index == 0) return false;
  const Event& before = trace.events[index - 1];
  return before.kind == EVENT_LockRelease && before.arg2 == MACH_LOCK_SPIN &&
         before.thread == trace.events[index].thread;
}

bool spin_lock(std::uint32_t kind) {
  const std::uint32_t base = lock_base(kind);
  return base == MACH_LOCK_SPIN || base == MACH_LOCK_QUEUED || base == MACH_LOCK_EX_SHARED || base == MACH_LOCK_EX_EXCLUSIVE;
}

class LockIrqlRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_IrqlLower) | interest(EVENT_LockAcquired) | interest(EVENT_LockInit);
  }
  void reset() override { uses_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_IrqlLower: return judge_lower(trace, index, ledger, findings);
      case EVENT_LockAcquired: return judge_levels(trace, index, ledger, findings);
      case EVENT_LockInit:
        if (event.object < uses_.size()) uses_[event.object] = {};
        return;
    }
  }

 private:
  // Of a lock: where it was first acquired under an interrupt spin lock, and where an interrupt could come. Plus 1.
  struct Uses {
    std::uint32_t under_interrupt_lock = 0;
    std::uint32_t interruptible = 0;
    bool reported = false;
  };

  void judge_levels(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    if (!spin_lock(event.arg2)) return;
    const bool masked = event.irql > kDispatchLevel;
    if (masked ? !holds_interrupt_lock(ledger, event.thread) : masks_interrupts_.contains(event.ddi)) return;
    if (event.object >= uses_.size()) uses_.resize(event.object + 1);
    Uses& uses = uses_[event.object];
    std::uint32_t& use = masked ? uses.under_interrupt_lock : uses.interruptible;
    if (use == 0) use = index + 1;
    const std::uint32_t other = masked ? uses.interruptible : uses.under_interrupt_lock;
    if (other == 0 || uses.reported) return;
    uses.reported = true;
    const std::string lock = label_text(trace, event.object);
    const std::string level = irql_text(trace.events[masked ? other - 1 : index].irql);
    findings.push_back({RuleId::LockIrql,
                        lock + " acquired under an interrupt spin lock, and elsewhere at " + level +
                            ", where the interrupt can come",
                        index,
                        {{other - 1, (masked ? "acquired " : "acquired under an interrupt spin lock: ") + lock}}});
  }

  static bool holds_interrupt_lock(const Ledger& ledger, std::uint8_t thread) {
    return std::any_of(ledger.held().begin(), ledger.held().end(), [&](const HeldLock& held) {
      return held.thread == thread && lock_base(held.kind) == MACH_LOCK_INTERRUPT;
    });
  }

  static void judge_lower(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    if (ledger.held().empty()) return;
    const Event& event = trace.events[index];
    const bool drops = event.arg < kDispatchLevel && event.arg2 >= kDispatchLevel;
    if (!drops || after_plain_release(trace, index)) return;
    for (const HeldLock& held : ledger.held()) {
      if (held.thread != event.thread || ledger.interrupted(held)) continue;
      findings.push_back({RuleId::LockIrql,
                          "IRQL lowered to " + irql_text(event.arg) + " while " + label_text(trace, held.lock) +
                              " is held",
                          index, {acquired(trace, held)}});
      return;
    }
  }

  const DdiSet masks_interrupts_ = {"ExInterlockedInsertHeadList", "ExInterlockedInsertTailList",
                                    "ExInterlockedRemoveHeadList", "ExInterlockedPushEntryList",
                                    "ExInterlockedPopEntryList",   "ExInterlockedAddUlong",
                                    "ExInterlockedAddLargeInteger"};
  std::vector<Uses> uses_;  // by lock
};

}  // namespace

std::unique_ptr<Rule> make_lock_irql() { return std::make_unique<LockIrqlRule>(); }

}  // namespace wdm
