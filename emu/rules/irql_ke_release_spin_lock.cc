// IrqlKeReleaseSpinLock: KeReleaseSpinLock is called at DISPATCH_LEVEL with the IRQL that was in force before the
// matching acquire.
// Documentation: "IrqlKeReleaseSpinLock rule (wdm)". Bug check 0xC4, 0x00020015 (wrong level also 0x32).
//
// Checks:
// 1. The IRQL at the call is DISPATCH_LEVEL.
// 2. The new IRQL is not below DISPATCH_LEVEL while the same call chain still holds another spin lock.
// 3. The new IRQL is the one saved by the acquire of this lock, or of another lock that is still held.
// 4. For a lock acquired with an AtDpcLevel form, which saves nothing, that is the IRQL of the acquire: DISPATCH_LEVEL.
//
// Narrowed:
// - KeRaiseIrql and the AtDpcLevel form do together what KeAcquireSpinLock does: the release may restore what KeRaiseIrql
//   saved.
// - Crosswise release is legal: after acquire A (a), acquire B (b), both release A (b), release B (a) and release A
//   FromDpcLevel, release B (a) are correct; only the last release may lower. The ledger moves what is owed.
// - Release of a lock that is not held is SpinlockRelease's. A lock acquired with KeAcquireSpinLock and released with a
//   FromDpcLevel form leaves the IRQL raised: legal when the driver lowers it later, IrqlReturn reports when it does not.
// - Locks held by code that a DPC has interrupted do not count.
#include "emu/rules/locks.h"
#include "emu/rules/open_raises.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

// ExInterlocked routines take and release the lock inside one call, at whatever IRQL.
bool plain_release(const Event& event) {
  return event.arg2 == MACH_LOCK_SPIN && !ddi_name(event.ddi).starts_with("ExInterlocked");
}

// Is the new IRQL the one that the last KeRaiseIrql of the routine saved?
bool undoes_raise(const Trace& trace, std::uint32_t release) {
  const Event* const raise = OpenRaises(trace, release).next();
  return raise != nullptr && raises_irql(raise->ddi) && raise->arg2 == trace.events[release].arg;
}

class IrqlKeReleaseSpinLockRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_LockRelease); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (!plain_release(event)) return;
    const HeldLock* held = ledger.find(event.object, event.thread);
    if (held == nullptr || ledger.interrupted(*held)) return;

    const HeldLock* other = nullptr;  // the newest other lock of this call chain
    bool owed = event.arg == held->old_irql;
    for (const HeldLock& lock : ledger.held()) {
      if (&lock == held || lock.thread != event.thread || ledger.interrupted(lock)) continue;
      other = &lock;
      owed = owed || event.arg == lock.old_irql;
    }

    owed = owed || (lock_at_dpc(held->kind) && undoes_raise(trace, index));

    const bool level = event.irql == kDispatchLevel;
    const bool lowers = other != nullptr && event.arg < kDispatchLevel;
    if (level && !lowers && owed) return;

    std::string problem = "restores " + irql_text(event.arg) + ", the acquire was at " + irql_text(held->old_irql);
    std::vector<Evidence> evidence = {acquired(trace, *held)};
    if (!level) {
      problem = "called at " + irql_text(event.irql);
    } else if (lowers) {
      problem = "lowers to " + irql_text(event.arg) + " while " + label_text(trace, other->lock) + " is still held";
      evidence.insert(evidence.begin(), acquired(trace, *other));
    }
    findings.push_back({RuleId::IrqlKeReleaseSpinLock, "KeReleaseSpinLock " + problem, index, std::move(evidence)});
  }
};

}  // namespace

std::unique_ptr<Rule> make_irql_ke_release_spin_lock() { return std::make_unique<IrqlKeReleaseSpinLockRule>(); }

}  // namespace wdm
