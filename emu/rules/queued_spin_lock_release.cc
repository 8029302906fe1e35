// QueuedSpinLockRelease: acquires and releases of an in-stack queued spin lock alternate, each pair with a handle of its own.
// Documentation: "QueuedSpinLockRelease rule (wdm)". Bug check 0xC4, 0x00040007 (also 0x1007, 0x1004 by another thread).
//
// Checks:
// 1. A queued lock is released only while it is held, by the context that acquired it.
// 2. No handle is given to an acquire while another one uses it, from the call on: whoever waits is in the lock's queue by it.
// 3. The handle given to a release is one that an acquire uses. A copy of it is not: the queue knows the handle by its address.
//
// Other than the page says: what is held when a routine returns is QueuedSpinLock's; what was acquired as another type of
// lock, LockWrongType's.
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class QueuedSpinLockReleaseRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_LockRelease) | interest(EVENT_QueueHandle); }
  void reset() override { uses_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_LockRelease) {
      if (lock_base(event.arg2) == MACH_LOCK_QUEUED)
        judge_release(RuleId::QueuedSpinLockRelease, trace, index, ledger, findings);
      return;
    }
    if (event.object >= uses_.size()) uses_.resize(event.object + 1);
    std::uint32_t& use = uses_[event.object];
    if (event.arg != 0) {
      if (use != 0) {
        findings.push_back({RuleId::QueuedSpinLockRelease,
                            "lock queue handle given to an acquire while " + thread_text(trace.events[use - 1].thread) +
                                " uses it for another one",
                            index, {{use - 1, "given to the other acquire"}}});
      }
      use = index + 1;
      return;
    }
    const HeldLock* held = ledger.find(event.arg2, event.thread);
    if (use == 0 && held != nullptr && lock_base(held->kind) == MACH_LOCK_QUEUED) {
      findings.push_back({RuleId::QueuedSpinLockRelease,
                          label_text(trace, event.arg2) + " released with another handle than it was acquired with", index,
                          {acquired(trace, *held)}});
    }
    use = 0;
  }

 private:
  std::vector<std::uint32_t> uses_;  // by handle: index of the QueueHandle of the acquire that uses it, plus 1
};

}  // namespace

std::unique_ptr<Rule> make_queued_spin_lock_release() { return std::make_unique<QueuedSpinLockReleaseRule>(); }

}  // namespace wdm
