// LockIrql: the IRQL is not lowered below DISPATCH_LEVEL while a spin lock is held.
// Documentation: "Introduction to spin locks". Bug check 0xF (a DPC on that processor may spin for the lock for ever).
//
// Checks:
// 1. No KeLowerIrql, release of a queued, executive or cancel lock, or end of a guarded region lowers the IRQL below
//    DISPATCH_LEVEL while the same call chain holds a spin lock. The usual case: a cancel routine takes its queue's lock
//    and then gives back the cancel lock with Irp->CancelIrql.
//
// Narrowed: KeReleaseSpinLock is IrqlKeReleaseSpinLock's. A lock acquired with an AtDpcLevel form at too low an IRQL is
// IrqlDispatch's. Locks of code that a DPC has interrupted do not count.
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

class LockIrqlRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrqlLower); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
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
};

}  // namespace

std::unique_ptr<Rule> make_lock_irql() { return std::make_unique<LockIrqlRule>(); }

}  // namespace wdm
