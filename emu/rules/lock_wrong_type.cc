// LockWrongType: a lock is acquired and released through routines of one family.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x1008 (acquire), 0x1009 (release).
//
// Checks:
// 1. One KSPIN_LOCK is always acquired as an ordinary or always as a queued lock (0x1008).
// 2. A spin lock is released in the mode in which it is held: ordinary, queued, executive shared or exclusive, interrupt.
// 3. What a fast or guarded mutex was acquired with tells whether it is released with the Unsafe form: each of them goes with
//    its like only, since only the other ones keep the IRQL in the mutex.
// 4. A push lock is released in the mode in which it is held.
//
// Narrowed:
// - Check 1 starts afresh when the lock is initialised again, and leaves a lock acquired by its holder to SpinLock and
//   QueuedSpinLock. Releasing what is not held is SpinlockRelease's, QueuedSpinLockRelease's or LockWrongThread's.
// - The AtDpcLevel form and its like may be mixed with the others: that is a matter of the IRQL.
// - Fast and guarded mutexes count as one type; they are since Windows 8.
#include <string_view>

#include "emu/rules/ddi_set.h"
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LockWrongTypeRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockInit) | interest(EVENT_LockAttempt) | interest(EVENT_LockAcquired) |
           interest(EVENT_LockRelease) | interest(EVENT_DdiEnter);
  }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override {
    return releases_mutex_.contains(ddi) || releases_mutex_unsafe_.contains(ddi) || releases_shared_.contains(ddi) ||
           releases_exclusive_.contains(ddi);
  }
  void reset() override { first_use_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    switch (trace.events[index].kind) {
      case EVENT_LockInit: return forget(trace.events[index].object);
      case EVENT_LockAttempt:
      case EVENT_LockAcquired: return judge_acquire(trace, index, ledger, findings);
      case EVENT_LockRelease: return judge_spin_release(trace, index, ledger, findings);
      case EVENT_DdiEnter: return judge_owned_release(trace, index, ledger, findings);
    }
  }

 private:
  void forget(ObjectId lock) {
    if (lock < first_use_.size()) first_use_[lock] = 0;
  }

  void judge_acquire(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const std::uint32_t kind = lock_base(event.arg2);
    if (kind != MACH_LOCK_QUEUED && kind != MACH_LOCK_SPIN) return;
    if (event.object >= first_use_.size()) first_use_.resize(event.object + 1);
    std::uint32_t& first = first_use_[event.object];
    if (first == 0) first = index + 1;
    const std::uint32_t before = trace.events[first - 1].arg2;
    if (lock_base(before) == kind || ledger.find(event.object, event.thread) != nullptr) return;
    findings.push_back({RuleId::LockWrongType,
                        "lock acquired as a " + std::string(lock_noun(kind)) + " that was a " +
                            std::string(lock_noun(before)) + " before (0xC4, 0x1008)",
                        index,
                        {{first - 1, label_text(trace, event.object) + " as a " + std::string(lock_noun(before))}}});
    first = index + 1;  // once for an attempt and its success
  }

  static void judge_spin_release(const Trace& trace, std::uint32_t index, const Ledger& ledger,
                                 std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const HeldLock* held = ledger.find(event.object, event.thread);
    if (held == nullptr || lock_base(held->kind) == lock_base(event.arg2) || ledger.interrupted(*held)) return;
    findings.push_back({RuleId::LockWrongType,
                        std::string(lock_noun(held->kind)) + " released as if it were a " +
                            std::string(lock_noun(event.arg2)) + " (0xC4, 0x1009)",
                        index, {acquired(trace, *held)}});
  }

  void judge_owned_release(const Trace& trace, std::uint32_t index, const Ledger& ledger,
                           std::vector<Finding>& findings) const {
    const Event& event = trace.events[index];
    const OwnedLock* owned = ledger.find_owner(event.object, event.thread);
    if (owned == nullptr) return;
    const std::uint16_t acquired_with = trace.events[owned->event].ddi;
    std::string_view as;
    if (releases_shared_.contains(event.ddi) && !owned->shared) as = "held exclusively, released as if it were shared";
    if (releases_exclusive_.contains(event.ddi) && owned->shared) as = "held shared, released as if it were exclusive";
    if (releases_mutex_.contains(event.ddi) && acquires_mutex_unsafe_.contains(acquired_with))
      as = "acquired with the Unsafe form, released without it";
    if (releases_mutex_unsafe_.contains(event.ddi) && acquires_mutex_.contains(acquired_with))
      as = "acquired without the Unsafe form, released with it";
    if (as.empty()) return;
    findings.push_back({RuleId::LockWrongType, label_text(trace, event.object) + " " + std::string(as) + " (0xC4, 0x1009)",
                        index, {{owned->event, "acquired " + label_text(trace, event.object)}}});
  }

  const DdiSet acquires_mutex_ = {"ExAcquireFastMutex", "ExTryToAcquireFastMutex", "KeAcquireGuardedMutex",
                                  "KeTryToAcquireGuardedMutex"};
  const DdiSet acquires_mutex_unsafe_ = {"ExAcquireFastMutexUnsafe", "KeAcquireGuardedMutexUnsafe"};
  const DdiSet releases_mutex_ = {"ExReleaseFastMutex", "KeReleaseGuardedMutex"};
  const DdiSet releases_mutex_unsafe_ = {"ExReleaseFastMutexUnsafe", "KeReleaseGuardedMutexUnsafe"};
  const DdiSet releases_shared_ = {"ExReleasePushLockShared", "ExReleasePushLockSharedEx"};
  const DdiSet releases_exclusive_ = {"ExReleasePushLockExclusive", "ExReleasePushLockExclusiveEx"};
  std::vector<std::uint32_t> first_use_;  // by lock: index of its first acquire plus 1
};

}  // namespace

std::unique_ptr<Rule> make_lock_wrong_type() { return std::make_unique<LockWrongTypeRule>(); }

}  // namespace wdm
