// LockWrongThread: a mutex, fast mutex, guarded mutex or push lock is released only by the thread that owns it.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x1004 (another thread owns it) or 0x1007 (nobody
// does); without Driver Verifier 0x162, or 0x1E for the exception that KeReleaseMutex raises.
//
// Checks:
// 1. The thread that calls a release routine owns the lock.
//
// Not here: spin locks (SpinlockRelease, QueuedSpinLockRelease, CancelSpinlockRelease), resources
// (ExclusiveResourceAccess), and a KMUTEX acquired below DISPATCH_LEVEL and released there or the other way round, which
// ends in an exception (BugCheck).
#include "emu/rules/ddi_set.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LockWrongThreadRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return releases_.contains(ddi); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (!releases_.contains(event.ddi) || ledger.find_owner(event.object, event.thread) != nullptr) return;
    Finding finding{RuleId::LockWrongThread, label_text(trace, event.object) + " released by " + thread_text(event.thread),
                    index, {}};
    if (const OwnedLock* owner = ledger.find_owner(event.object); owner != nullptr) {
      finding.message += " but owned by " + thread_text(owner->thread);
      finding.evidence.push_back({owner->event, "acquired " + label_text(trace, event.object)});
    } else {
      finding.message += " while nobody owns it (0xC4, 0x1007)";
    }
    findings.push_back(std::move(finding));
  }

 private:
  const DdiSet releases_ = {"KeReleaseMutex",
                            "ExReleaseFastMutex",
                            "ExReleaseFastMutexUnsafe",
                            "KeReleaseGuardedMutex",
                            "KeReleaseGuardedMutexUnsafe",
                            "ExReleasePushLockExclusive",
                            "ExReleasePushLockShared",
                            "ExReleasePushLockExclusiveEx",
                            "ExReleasePushLockSharedEx",
                            "ExReleasePushLockEx"};
};

}  // namespace

std::unique_ptr<Rule> make_lock_wrong_thread() { return std::make_unique<LockWrongThreadRule>(); }

}  // namespace wdm
