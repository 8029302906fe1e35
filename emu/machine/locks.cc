// Spin locks: mutual exclusion, spinning, hand-over. The lock's word in the driver's memory holds a tagged index into the
// machine's table, so that finding the lock costs one load.

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"
#include "emu/machine/sanitizer.h"

namespace wdm {

namespace {

constexpr std::uint64_t kTag = 0x57ull << 56;
constexpr std::uint32_t kKind = 15;  // MACH_LOCK_* without MACH_LOCK_AT_DPC

}  // namespace

Lock& Machine::lock_at(void* address, const void* pc) {
  check_access8(address);
  auto& word = *static_cast<std::uint64_t*>(address);
  if ((word & (0xffull << 56)) == kTag) {
    const std::uint64_t index = word & 0xffffffff;
    if (index < lock_count_ && locks_[index].address == address) return locks_[index];
  }
  for (std::size_t i = 0; i < lock_count_; ++i)
    if (locks_[i].address == address) {
      word = kTag | i;
      return locks_[i];
    }
  if (dead_locks_.empty()) {
    dead_locks_.push_back(static_cast<std::uint32_t>(lock_count_++));
    if (lock_count_ > locks_.size()) locks_.emplace_back();
  }
  const std::uint32_t index = dead_locks_.back();
  dead_locks_.pop_back();
  Lock& lock = locks_[index];
  lock.address = address;
  lock.object = object(OBJECT_Lock, address, pc);
  lock.held = false;
  lock.waiters.clear();
  word = kTag | index;
  return lock;
}

void Machine::lock_gone(std::size_t index) {
  locks_[index].address = nullptr;
  dead_locks_.push_back(static_cast<std::uint32_t>(index));
}

void Machine::lock_init(void* address, std::uint32_t kind, const void* pc) {
  check_access8(address);
  for (std::size_t i = 0; i < lock_count_; ++i)
    if (locks_[i].address == address && !locks_[i].held) {
      lock_gone(i);  // initialised again: another lock from now on
      object_gone(address);
    }
  Lock& lock = lock_at(address, pc);
  lock.kind = static_cast<std::uint8_t>(kind & kKind);
  event(EVENT_LockInit, lock.object, 0, kind, pc);
}

void Machine::lock_acquire(void* address, std::uint32_t kind, std::uint8_t old_irql, const void* pc) {
  Lock& lock = lock_at(address, pc);
  Thread& self = *current_;
  event(EVENT_LockAttempt, lock.object, old_irql, kind, pc);
  while (lock.held) {
    const std::uint16_t ddi = pending_[self.id].ddi;
    lock.waiters.push_back(self.id);
    self.spins_on = &lock;
    set_state(self, Thread::State::spinning);
    set_pending(ddi, MACH_BLOCKED, address, site_of(pc));
    schedule(false);
    self.spins_on = nullptr;
    if (self.granted) {
      self.granted = false;
      break;
    }
  }
  lock.held = true;
  lock.owner = self.id;
  event(EVENT_LockAcquired, lock.object, old_irql, kind, pc);
}

bool Machine::lock_try(void* address, std::uint32_t kind, std::uint8_t old_irql, const void* pc) {
  Lock& lock = lock_at(address, pc);
  if (lock.held) {
    event(EVENT_LockTryFailed, lock.object, old_irql, kind, pc);
    return false;
  }
  lock.held = true;
  lock.owner = current_->id;
  event(EVENT_LockAcquired, lock.object, old_irql, kind, pc);
  return true;
}

void Machine::lock_release(void* address, std::uint32_t kind, std::uint8_t new_irql, const void* pc) {
  Lock& lock = lock_at(address, pc);
  event(EVENT_LockRelease, lock.object, new_irql, kind, pc);
  lock.held = false;
  if (lock.waiters.empty()) return;
  if ((kind & kKind) == MACH_LOCK_QUEUED) {
    Thread& next = threads_[lock.waiters.front()];
    lock.waiters.erase(lock.waiters.begin());
    lock.held = true;
    lock.owner = next.id;
    next.granted = true;
    set_state(next, Thread::State::running);
    return;
  }
  for (const auto waiter : lock.waiters) set_state(threads_[waiter], Thread::State::running);
  lock.waiters.clear();
}

bool Machine::lock_is_held(void* address) { return lock_at(address).held; }

}  // namespace wdm
