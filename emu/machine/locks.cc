// Spin locks: mutual exclusion, readers and writers, spinning, hand-over. The lock's word in the driver's memory holds a tagged index into the
// machine's table, so that finding the lock costs one load.

#include <utility>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"
#include "emu/machine/sanitizer.h"

namespace wdm {

namespace {

constexpr std::uint64_t kTag = 0x57ull << 56;
constexpr std::uint32_t kExTag = 0x57u << 24;
constexpr std::uint32_t kExIndex = (1u << 24) - 1;
constexpr std::uint32_t kKind = 15;  // MACH_LOCK_* without MACH_LOCK_AT_DPC

bool is_shared(std::uint32_t kind) { return (kind & kKind) == MACH_LOCK_EX_SHARED; }
bool is_executive(std::uint32_t kind) { return is_shared(kind) || (kind & kKind) == MACH_LOCK_EX_EXCLUSIVE; }

// A reader waits for writers that wait, too.
bool is_free_for(const Lock& lock, bool shared) {
  return shared ? !lock.held && lock.writers == 0 : !lock.in_use();
}

void take(Lock& lock, bool shared, std::uint8_t thread) {
  if (shared)
    ++lock.readers;
  else
    lock.held = true;
  lock.owner = thread;
}

// What reports call a lock that is initialised: the kernel's own have no letters, those are for the driver's.
std::uint32_t object_kind_of_lock(std::uint32_t kind, const void* pc) {
  if ((kind & kKind) == MACH_LOCK_CANCEL) return OBJECT_CancelLock;
  return (kind & kKind) == MACH_LOCK_INTERNAL || pc == nullptr ? OBJECT_KernelLock : OBJECT_Lock;
}

}  // namespace

Lock& Machine::add_lock(void* address, std::uint32_t object_kind, const void* pc, std::uint32_t& index) {
  if (dead_locks_.empty()) {
    dead_locks_.push_back(static_cast<std::uint32_t>(lock_count_++));
    if (lock_count_ > locks_.size()) locks_.emplace_back();
  }
  index = dead_locks_.back();
  dead_locks_.pop_back();
  Lock& lock = locks_[index];
  lock.address = address;
  lock.object = object(object_kind, address, pc);
  lock.held = false;
  lock.readers = lock.writers = 0;
  lock.waiters.clear();
  return lock;
}

Lock& Machine::lock_at(void* address, const void* pc, std::uint32_t object_kind) {
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
  std::uint32_t index;
  Lock& lock = add_lock(address, object_kind, pc, index);
  word = kTag | index;
  return lock;
}

// No routine initialises an executive spin lock: its memory has to be zero. What looks like one of our tags may be the copy
// of a lock that was free, and counts as zero.
Lock& Machine::ex_lock_at(void* address, const void* pc) {
  check_access4(address);
  auto& word = *static_cast<std::uint32_t*>(address);
  const bool tagged = (word & ~kExIndex) == kExTag && (word & kExIndex) < lock_count_;
  if (tagged && locks_[word & kExIndex].address == address) return locks_[word & kExIndex];
  for (std::size_t i = 0; i < lock_count_; ++i)
    if (locks_[i].address == address) {
      word = kExTag | static_cast<std::uint32_t>(i);
      return locks_[i];
    }
  if (word != 0 && !tagged)
    violation("LockNotInitialized", "executive spin lock used that was not set to zero", object(OBJECT_Lock, address, pc), pc);
  std::uint32_t index;
  Lock& lock = add_lock(address, OBJECT_Lock, pc, index);
  word = kExTag | index;
  return lock;
}

Lock& Machine::lock_of_kind(void* address, std::uint32_t kind, const void* pc) {
  return is_executive(kind) ? ex_lock_at(address, pc) : lock_at(address, pc);
}

void Machine::lock_gone(std::size_t index) {
  locks_[index].address = nullptr;
  dead_locks_.push_back(static_cast<std::uint32_t>(index));
}

void Machine::lock_init(void* address, std::uint32_t kind, const void* pc) {
  check_access8(address);
  for (std::size_t i = 0; i < lock_count_; ++i)
    if (locks_[i].address == address && !locks_[i].in_use()) {
      lock_gone(i);  // initialised again: another lock from now on
      object_gone(address);
    }
  Lock& lock = lock_at(address, pc, object_kind_of_lock(kind, pc));
  lock.kind = static_cast<std::uint8_t>(kind & kKind);
  event(EVENT_LockInit, lock.object, 0, kind, pc);
}

// Until somebody who releases the lock wakes this thread, or hands the lock over.
void Machine::spin(Lock& lock, bool shared, void* address, const void* pc) {
  Thread& self = *current_;
  const std::uint16_t ddi = pending_[self.id].ddi;
  lock.waiters.push_back(self.id);
  self.spins_on = &lock;
  self.spins_shared = shared;
  set_state(self, Thread::State::spinning);
  set_pending(ddi, MACH_BLOCKED, address, site_of(pc));
  schedule(false);
  self.spins_on = nullptr;
}

void Machine::lock_acquire(void* address, std::uint32_t kind, std::uint8_t old_irql, const void* pc) {
  Lock& lock = lock_of_kind(address, kind, pc);
  Thread& self = *current_;
  const bool shared = is_shared(kind);
  event(EVENT_LockAttempt, lock.object, old_irql, kind, pc);
  const bool waits_as_writer = !shared && is_executive(kind) && lock.in_use();
  lock.writers += waits_as_writer;
  while (!is_free_for(lock, shared)) {
    spin(lock, shared, address, pc);
    if (std::exchange(self.granted, false)) break;
  }
  lock.writers -= waits_as_writer;
  take(lock, shared, self.id);
  event(EVENT_LockAcquired, lock.object, old_irql, kind, pc);
}

bool Machine::lock_try(void* address, std::uint32_t kind, std::uint8_t old_irql, const void* pc) {
  Lock& lock = lock_of_kind(address, kind, pc);
  const bool shared = is_shared(kind);
  if (!is_free_for(lock, shared)) {
    event(EVENT_LockTryFailed, lock.object, old_irql, kind, pc);
    return false;
  }
  take(lock, shared, current_->id);
  event(EVENT_LockAcquired, lock.object, old_irql, kind, pc);
  return true;
}

bool Machine::lock_convert(void* address, const void* pc) {
  Lock& lock = ex_lock_at(address, pc);
  const std::uint8_t irql = this->irql();
  if (lock.held || lock.readers != 1 || lock.writers > 0) {
    event(EVENT_LockTryFailed, lock.object, irql, MACH_LOCK_EX_EXCLUSIVE, pc);
    return false;
  }
  lock.readers = 0;
  lock.held = true;
  lock.owner = current_->id;
  event(EVENT_LockAcquired, lock.object, irql, MACH_LOCK_EX_EXCLUSIVE, pc);
  return true;
}

// Those of the waiting threads that could take the lock now: all of them, or with writers among them only those.
void Machine::wake_spinning(Lock& lock) {
  std::erase_if(lock.waiters, [&](std::uint8_t waiter) {
    if (!is_free_for(lock, threads_[waiter].spins_shared)) return false;
    set_state(threads_[waiter], Thread::State::running);
    return true;
  });
}

void Machine::lock_release(void* address, std::uint32_t kind, std::uint8_t new_irql, const void* pc) {
  Lock& lock = lock_of_kind(address, kind, pc);
  event(EVENT_LockRelease, lock.object, new_irql, kind, pc);
  // A release in the wrong mode is SpinlockRelease's finding; what it would leave behind does not matter.
  if (lock.readers > 0)
    --lock.readers;
  else
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
  wake_spinning(lock);
}

bool Machine::lock_is_held(void* address) { return lock_at(address).in_use(); }

}  // namespace wdm
