// CancelSpinlockRelease: the cancel spin lock is released only while it is held.
// Documentation: "CancelSpinlockRelease rule (wdm)". Bug check 0xC4, 0x1007 (0x11B on systems without Driver Verifier).
//
// Checks:
// 1. The cancel lock is held, by the thread that releases it. A cancel routine holds it from the start, once.
//
// Not checked here: the IRQL that is restored. A cancel routine that gives back another one than Irp->CancelIrql returns
// at the wrong IRQL, which IrqlContract reports.
#include "emu/rules/locks.h"

namespace wdm {
namespace {

class CancelSpinlockReleaseRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_LockRelease); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    if (lock_base(trace.events[index].arg2) != MACH_LOCK_CANCEL) return;
    judge_release(RuleId::CancelSpinlockRelease, trace, index, ledger, findings);
  }
};

}  // namespace

std::unique_ptr<Rule> make_cancel_spinlock_release() { return std::make_unique<CancelSpinlockReleaseRule>(); }

}  // namespace wdm
