// LockReinitialized: a lock, event or semaphore is not initialised again while it is in use.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x1005 (a resource 0xD0, a remove lock 0xD7).
//
// Checks:
// 1. No spin lock is initialised that is held.
// 2. No mutex, fast mutex, resource or push lock is initialised that a thread owns.
// 3. No event, semaphore or mutex is initialised that a thread waits for: its waiters are lost.
// 4. No remove lock is initialised that is acquired.
//
// Narrowed:
// - Driver Verifier stops at any second initialisation. Drivers that initialise a free lock at every start are common and
//   harmless, so only locks in use count; a resource, though, is in a list of the kernel's and must be deleted first, which
//   the kernel says in a Violation event.
// - A wait is over when its object is signaled, though the thread has not gone on yet: whoever signals an event may own its
//   memory from then on. A wait for several objects counts for none: another one may have ended it.
#include <algorithm>
#include <array>

#include "emu/rules/ddi_set.h"
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LockReinitializedRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockInit) | interest(EVENT_DdiEnter) | interest(EVENT_WaitBegin) | interest(EVENT_WaitEnd) |
           interest(EVENT_Signal) | interest(EVENT_RemoveAcquire) | interest(EVENT_RemoveRelease);
  }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return init_.contains(ddi); }
  void reset() override {
    waits_.clear();
    acquired_.clear();
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_LockInit:
        if (const HeldLock* held = ledger.find(event.object))
          report("it is held by " + thread_text(held->thread), acquired(trace, *held), trace, index, findings);
        return;
      case EVENT_WaitBegin:
        if (waits_for_one_.contains(event.ddi)) waits_.push_back(index);
        return;
      case EVENT_WaitEnd:
        std::erase_if(waits_, [&](std::uint32_t wait) { return trace.events[wait].thread == event.thread; });
        return;
      case EVENT_Signal:
        std::erase_if(waits_, [&](std::uint32_t wait) { return trace.events[wait].object == event.object; });
        return;
      case EVENT_RemoveAcquire:
        if (static_cast<std::uint32_t>(event.arg) == 0) acquired_.push_back({event.object, index});
        return;
      case EVENT_RemoveRelease: return release(event);
      case EVENT_DdiEnter:
        if (event.object != 0 && init_.contains(event.ddi)) judge_init(trace, index, ledger, findings);
        return;
    }
  }

 private:
  struct Acquired {
    ObjectId remove_lock;
    std::uint32_t event;
  };

  void release(const Event& event) {
    if ((event.arg & 1) != 0)  // waits until the others have released it
      return (void)std::erase_if(acquired_, [&](const Acquired& one) { return one.remove_lock == event.object; });
    const auto found = std::find_if(acquired_.begin(), acquired_.end(),
                                    [&](const Acquired& one) { return one.remove_lock == event.object; });
    if (found != acquired_.end()) acquired_.erase(found);
  }

  void judge_init(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) const {
    const ObjectId object = trace.events[index].object;
    if (const OwnedLock* owner = ledger.find_owner(object)) {
      return report("it is owned by " + thread_text(owner->thread), {owner->event, "acquired " + label_text(trace, object)},
                    trace, index, findings);
    }
    for (const std::uint32_t wait : waits_) {
      if (trace.events[wait].object == object)
        return report(thread_text(trace.events[wait].thread) + " waits for it", {wait, "waits"}, trace, index, findings);
    }
    for (const Acquired& one : acquired_) {
      if (one.remove_lock == object)
        return report("it is acquired (0xC4, 0xD7)", {one.event, "acquired " + label_text(trace, object)}, trace, index,
                      findings);
    }
  }

  static void report(const std::string& why, Evidence evidence, const Trace& trace, std::uint32_t index,
                     std::vector<Finding>& findings) {
    findings.push_back({RuleId::LockReinitialized,
                        label_text(trace, trace.events[index].object) + " initialised while " + why, index,
                        {std::move(evidence)}});
  }

  const DdiSet waits_for_one_ = {"KeWaitForSingleObject", "KeWaitForMutexObject"};
  const DdiSet init_ = {"KeInitializeMutex",       "ExInitializeFastMutex",    "KeInitializeGuardedMutex",
                        "ExInitializePushLock",    "ExInitializeResourceLite", "KeInitializeEvent",
                        "KeInitializeSemaphore",   "IoInitializeRemoveLockEx"};
  std::vector<std::uint32_t> waits_;  // WaitBegin of every wait that nothing has ended
  std::vector<Acquired> acquired_;
};

}  // namespace

std::unique_ptr<Rule> make_lock_reinitialized() { return std::make_unique<LockReinitializedRule>(); }

}  // namespace wdm
