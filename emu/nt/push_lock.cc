/* Push locks: one exclusive holder or many shared ones; who has waited longest comes first, so that new readers queue
 * behind a waiting writer. The lock's word is 0 when free; while it is held it refers to a record of the kernel's.
 */
#include "emu/nt/nt_families.h"
#include "emu/nt/object_life.h"
#include "emu/nt/ownership.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

constexpr ULONG_PTR kHeldBit = 1;

/* On the stack of who waits. */
struct Waiter {
  Waiter* next;
  Thread* thread;
  bool exclusive;
  KEVENT granted;
};

struct Holder {
  Holder* next;
  Thread* thread;
};

/* A push lock that is held. */
struct Held {
  Held* next;
  PEX_PUSH_LOCK lock;
  bool exclusive;
  Holder* holders;
  Waiter* waiters; /* who came first is first */
};

Held* held_locks;
Held* spare_records;
Holder* spare_holders;

template <typename Record>
Record* take_spare(Record*& spares) {
  if (Record* record = spares) {
    spares = record->next;
    *record = {};
    return record;
  }
  return (Record*)mach_pool_alloc(sizeof(Record), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

template <typename Record>
void give_back(Record*& spares, Record* record) {
  record->next = spares;
  spares = record;
}

m_u32 object_of(PEX_PUSH_LOCK lock) {
  return mach_object(OBJECT_PushLock, lock);
}

void forget(Held* held) {
  Held** at = &held_locks;
  while (*at != held) at = &(*at)->next;
  *at = held->next;
  while (Holder* holder = held->holders) {
    held->holders = holder->next;
    give_back(spare_holders, holder);
  }
  give_back(spare_records, held);
}

/* The record of a held lock, null when it is free. */
Held* find(PEX_PUSH_LOCK lock, const void* pc) {
  const ULONG_PTR word = *lock;
  for (Held* held = held_locks; held; held = held->next) {
    if (held->lock != lock) continue;
    if (word == ((ULONG_PTR)held | kHeldBit)) return held;
    forget(held); /* its memory was freed or overwritten meanwhile */
    break;
  }
  if (word != 0)
    mach_violation("LockNotInitialized", "push lock used that ExInitializePushLock did not set to 0", object_of(lock), pc);
  *lock = 0;
  return nullptr;
}

void add_holder(Held* held, Thread* thread, bool waits, const void* pc) {
  auto* holder = take_spare(spare_holders);
  holder->thread = thread;
  holder->next = held->holders;
  held->holders = holder;
  /* A waiter to whom the lock is handed says so itself, where it waits. */
  if (thread != current_thread()) return;
  const m_u32 how = (held->exclusive ? OwnedExclusively : OwnedShared) | (waits ? 0 : OwnedWithoutWait);
  note_owner(object_of(held->lock), thread, how, pc);
}

Held* make_held(PEX_PUSH_LOCK lock, bool exclusive) {
  auto* held = take_spare(spare_records);
  held->lock = lock;
  held->exclusive = exclusive;
  held->next = held_locks;
  held_locks = held;
  *lock = (ULONG_PTR)held | kHeldBit;
  return held;
}

void wait_for(Held* held, bool exclusive, const void* pc) {
  Waiter waiter = {nullptr, current_thread(), exclusive, {}};
  init_event(&waiter.granted, SynchronizationEvent, false);
  Waiter** end = &held->waiters;
  while (*end) end = &(*end)->next;
  *end = &waiter;
  PEX_PUSH_LOCK lock = held->lock;
  wait_one(&waiter.granted.Header, 0, object_of(lock), lock, pc);
  note_owner(object_of(lock), waiter.thread, exclusive ? OwnedExclusively : OwnedShared, pc);
}

/* 0xC4, 0xEA for an acquire, 0xEB for a release: normal kernel APCs are not off. */
void require_apcs_off(PEX_PUSH_LOCK lock, m_u32 violation, const void* pc) {
  const Thread* thread = current_thread();
  if (apcs_are_off(thread)) return;
  mach_bug_check(0xC4, violation, mach_irql(), (m_u64)thread->critical_regions, (m_u64)lock, pc);
}

bool acquire(PEX_PUSH_LOCK lock, bool exclusive, bool wait, const void* pc) {
  require_apcs_off(lock, 0xEA, pc);
  Held* held = find(lock, pc);
  if (!held) {
    add_holder(make_held(lock, exclusive), current_thread(), wait, pc);
  } else if (!exclusive && !held->exclusive && !held->waiters) {
    add_holder(held, current_thread(), wait, pc);
  } else {
    if (!wait) return false;
    wait_for(held, exclusive, pc);
  }
  return true;
}

/* Hands a lock that nobody holds any more to the first waiter, and with a shared one to those right behind it. */
void hand_over(Held* held, const void* pc) {
  held->exclusive = held->waiters->exclusive;
  while (Waiter* waiter = held->waiters) {
    if (held->holders && (held->exclusive || waiter->exclusive)) return;
    held->waiters = waiter->next;
    add_holder(held, waiter->thread, true, pc);
    waiter->granted.Header.SignalState = 1;
    satisfy_waiters(&waiter->granted.Header);
  }
}

bool remove_holder(Held* held, const void* pc) {
  const Thread* thread = current_thread();
  for (Holder** at = &held->holders; *at; at = &(*at)->next) {
    Holder* holder = *at;
    if (holder->thread != thread) continue;
    *at = holder->next;
    give_back(spare_holders, holder);
    note_no_owner(object_of(held->lock), thread, pc);
    return true;
  }
  return false;
}

/* Rules LockWrongThread and LockWrongType judge who releases it and how. */
void finish_release(PEX_PUSH_LOCK lock, Held* held, const void* pc) {
  if (!remove_holder(held, pc)) return;
  if (held->holders) return;
  if (held->waiters) return hand_over(held, pc);
  *lock = 0;
  forget(held);
}

void release(PEX_PUSH_LOCK lock, const void* pc) {
  require_apcs_off(lock, 0xEB, pc);
  Held* held = find(lock, pc);
  if (held) finish_release(lock, held, pc);
}

/* INVALID_PUSH_LOCK_FLAGS */
void require_flags(PEX_PUSH_LOCK lock, ULONG flags, const void* pc) {
  if (flags & ~(ULONG)EX_PUSH_LOCK_FLAGS_MASK) mach_bug_check(0x152, flags, (m_u64)lock, 0, 0, pc);
}

}  // namespace

void note_push_locks_in(const void* memory, m_u64 size, const void* pc) {
  for (const Held* held = held_locks; held; held = held->next)
    if (is_inside(held->lock, memory, size))
      mach_violation("LockFreedWhileHeld", "the memory of a held push lock is freed", object_of(held->lock), pc);
}

void reset_push_lock() {
  held_locks = nullptr;
  spare_records = nullptr;
  spare_holders = nullptr;
}

}  // namespace nt

extern "C" {

VOID ExInitializePushLock(PEX_PUSH_LOCK PushLock) {
  DDI_ENTER(ExInitializePushLock, PushLock);
  mach_object_gone(PushLock); /* another one from now on */
  *PushLock = 0;
}

VOID NTAPI ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  DDI_ENTER(ExAcquirePushLockExclusiveEx, PushLock);
  nt::require_flags(PushLock, Flags, ddi.pc());
  nt::acquire(PushLock, true, true, ddi.pc());
}

VOID NTAPI ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  DDI_ENTER(ExAcquirePushLockSharedEx, PushLock);
  nt::require_flags(PushLock, Flags, ddi.pc());
  nt::acquire(PushLock, false, true, ddi.pc());
}

BOOLEAN NTAPI ExTryAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  DDI_ENTER(ExTryAcquirePushLockExclusiveEx, PushLock);
  nt::require_flags(PushLock, Flags, ddi.pc());
  return nt::acquire(PushLock, true, false, ddi.pc());
}

BOOLEAN NTAPI ExTryAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  DDI_ENTER(ExTryAcquirePushLockSharedEx, PushLock);
  nt::require_flags(PushLock, Flags, ddi.pc());
  return nt::acquire(PushLock, false, false, ddi.pc());
}

VOID NTAPI ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  DDI_ENTER(ExReleasePushLockExclusiveEx, PushLock);
  nt::require_flags(PushLock, Flags, ddi.pc());
  nt::release(PushLock, ddi.pc());
}

VOID NTAPI ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  DDI_ENTER(ExReleasePushLockSharedEx, PushLock);
  nt::require_flags(PushLock, Flags, ddi.pc());
  nt::release(PushLock, ddi.pc());
}

VOID NTAPI ExReleasePushLockEx(PEX_PUSH_LOCK PushLock, ULONG Flags) {
  DDI_ENTER(ExReleasePushLockEx, PushLock);
  nt::require_flags(PushLock, Flags, ddi.pc());
  nt::release(PushLock, ddi.pc());
}

/* The names without flags. */
VOID NTAPI ExAcquirePushLockExclusive(PEX_PUSH_LOCK PushLock) {
  DDI_ENTER(ExAcquirePushLockExclusive, PushLock);
  nt::acquire(PushLock, true, true, ddi.pc());
}

VOID NTAPI ExAcquirePushLockShared(PEX_PUSH_LOCK PushLock) {
  DDI_ENTER(ExAcquirePushLockShared, PushLock);
  nt::acquire(PushLock, false, true, ddi.pc());
}

VOID NTAPI ExReleasePushLockExclusive(PEX_PUSH_LOCK PushLock) {
  DDI_ENTER(ExReleasePushLockExclusive, PushLock);
  nt::release(PushLock, ddi.pc());
}

VOID NTAPI ExReleasePushLockShared(PEX_PUSH_LOCK PushLock) {
  DDI_ENTER(ExReleasePushLockShared, PushLock);
  nt::release(PushLock, ddi.pc());
}

}  // extern "C"
