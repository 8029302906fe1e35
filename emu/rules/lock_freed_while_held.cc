// LockFreedWhileHeld: the memory of a spin lock is not freed while the lock is held.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x15 (0x100B names the lock).
//
// Checks:
// 1. No pool block is freed that contains a held spin lock, whoever holds it.
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LockFreedWhileHeldRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_LockFreed); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const ObjectId lock = trace.events[index].object;
    const HeldLock* held = ledger.find(lock);
    std::string message = label_text(trace, lock) + " freed while it is held";
    if (held != nullptr) message += " by " + thread_text(held->thread);
    findings.push_back({RuleId::LockFreedWhileHeld, std::move(message), index, {}});
    if (held != nullptr) findings.back().evidence.push_back(acquired(trace, *held));
  }
};

}  // namespace

std::unique_ptr<Rule> make_lock_freed_while_held() { return std::make_unique<LockFreedWhileHeldRule>(); }

}  // namespace wdm
