// LockFreedWhileHeld: the memory of a lock is not freed while the lock is held.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x15 (0x100B names the lock).
//
// Checks:
// 1. No pool block is freed that contains a held spin lock, mutex, fast mutex or guarded mutex, whoever holds it. Push locks
//    are the kernel's, which says so in a Violation event; resources ResourceAfterFree's.
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LockFreedWhileHeldRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_LockFreed) | interest(EVENT_ObjectFreed); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const ObjectId lock = trace.events[index].object;
    const HeldLock* held = ledger.find(lock);
    const OwnedLock* owned = ledger.find_owner(lock);
    const bool memory_freed = trace.events[index].arg == FREED_Memory && trace.objects[lock].kind == OBJECT_Mutex;
    if (trace.events[index].kind == EVENT_ObjectFreed && (owned == nullptr || !memory_freed)) return;
    std::string message = label_text(trace, lock) + " freed while it is held";
    if (held != nullptr || owned != nullptr) message += " by " + thread_text(held != nullptr ? held->thread : owned->thread);
    findings.push_back({RuleId::LockFreedWhileHeld, std::move(message), index, {}});
    if (held != nullptr) findings.back().evidence.push_back(acquired(trace, *held));
    if (owned != nullptr) findings.back().evidence.push_back({owned->event, "acquired " + label_text(trace, lock)});
  }
};

}  // namespace

std::unique_ptr<Rule> make_lock_freed_while_held() { return std::make_unique<LockFreedWhileHeldRule>(); }

}  // namespace wdm
