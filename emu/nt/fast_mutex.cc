/* Fast mutexes and guarded mutexes, which are the same thing since Windows 8: the holder runs at APC_LEVEL, and on
 * release the mutex goes to the thread that has waited longest. Count is 1 when free, 0 when held, less with waiters.
 */
#include "emu/nt/ownership.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

static_assert(__builtin_offsetof(FAST_MUTEX, Event) == __builtin_offsetof(KGUARDED_MUTEX, Gate));
static_assert(__builtin_offsetof(FAST_MUTEX, OldIrql) == __builtin_offsetof(KGUARDED_MUTEX, CombinedApcDisable));

PFAST_MUTEX as_fast_mutex(PKGUARDED_MUTEX mutex) {
  return (PFAST_MUTEX)mutex;
}

void init_mutex(PFAST_MUTEX mutex) {
  mach_object_gone(mutex); /* another one from now on */
  mutex->Count = 1;
  mutex->Owner = nullptr;
  mutex->Contention = 0;
  init_event(&mutex->Event, SynchronizationEvent, false);
}

void set_owner(PFAST_MUTEX mutex, m_u32 how, const void* pc) {
  Thread* thread = current_thread();
  mutex->Owner = (PKTHREAD)thread;
  note_owner(mach_object(OBJECT_Mutex, mutex), thread, how, pc);
}

void require_initialized(PFAST_MUTEX mutex, const void* pc) {
  if (mutex->Event.Header.WaitListHead.Flink) return;
  mach_violation("LockNotInitialized", "fast mutex used before ExInitializeFastMutex", mach_object(OBJECT_Mutex, mutex), pc);
}

void acquire(PFAST_MUTEX mutex, const void* pc) {
  require_initialized(mutex, pc);
  if (--mutex->Count < 0) {
    ++mutex->Contention;
    wait_one(&mutex->Event.Header, 0, mach_object(OBJECT_Mutex, mutex), mutex, pc);
  }
  set_owner(mutex, OwnedExclusively, pc);
}

void release(PFAST_MUTEX mutex, const void* pc) {
  /* KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE */
  if (mutex->Owner != (PKTHREAD)current_thread())
    mach_bug_check(0x162, (m_u64)current_thread(), (m_u64)mutex, 0, 0, pc);
  mutex->Owner = nullptr;
  note_no_owner(mach_object(OBJECT_Mutex, mutex), current_thread(), pc);
  mach_event(EVENT_Signal, mach_object(OBJECT_Mutex, mutex), 0, 0, pc);
  if (++mutex->Count > 0) return;
  mutex->Event.Header.SignalState = 1;
  satisfy_waiters(&mutex->Event.Header);
}

void acquire_raise(PFAST_MUTEX mutex, const void* pc) {
  const KIRQL old = mach_raise_irql(APC_LEVEL, pc);
  acquire(mutex, pc);
  mutex->OldIrql = old;
}

bool try_acquire_raise(PFAST_MUTEX mutex, const void* pc) {
  if (mutex->Count != 1) return false;
  mutex->Count = 0;
  set_owner(mutex, OwnedWithoutWait, pc);
  mutex->OldIrql = mach_raise_irql(APC_LEVEL, pc);
  return true;
}

void release_lower(PFAST_MUTEX mutex, const void* pc) {
  const KIRQL old = (KIRQL)mutex->OldIrql;
  release(mutex, pc);
  mach_lower_irql(old, pc);
}

/* The Unsafe forms need APCs off already. */
void require_apcs_off(PFAST_MUTEX mutex, const void* pc) {
  const Thread* thread = current_thread();
  if (mach_irql() >= APC_LEVEL || thread->critical_regions > 0 || thread->guarded_regions > 0) return;
  mach_irql_violation("an unsafe fast mutex routine below APC_LEVEL and outside a critical region",
                      mach_object(OBJECT_Mutex, mutex), pc);
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex) {
  DDI_ENTER(ExInitializeFastMutex, FastMutex);
  nt::init_mutex(FastMutex);
}

NTKERNELAPI VOID FASTCALL ExAcquireFastMutex(PFAST_MUTEX FastMutex) {
  DDI_ENTER(ExAcquireFastMutex, FastMutex);
  nt::acquire_raise(FastMutex, ddi.pc());
}

NTKERNELAPI BOOLEAN FASTCALL ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex) {
  DDI_ENTER(ExTryToAcquireFastMutex, FastMutex);
  return nt::try_acquire_raise(FastMutex, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExReleaseFastMutex(PFAST_MUTEX FastMutex) {
  DDI_ENTER(ExReleaseFastMutex, FastMutex);
  nt::release_lower(FastMutex, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex) {
  DDI_ENTER(ExAcquireFastMutexUnsafe, FastMutex);
  nt::require_apcs_off(FastMutex, ddi.pc());
  nt::acquire(FastMutex, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex) {
  DDI_ENTER(ExReleaseFastMutexUnsafe, FastMutex);
  nt::require_apcs_off(FastMutex, ddi.pc());
  nt::release(FastMutex, ddi.pc());
}

NTKERNELAPI VOID FASTCALL KeInitializeGuardedMutex(PKGUARDED_MUTEX GuardedMutex) {
  DDI_ENTER(KeInitializeGuardedMutex, GuardedMutex);
  nt::init_mutex(nt::as_fast_mutex(GuardedMutex));
}

NTKERNELAPI VOID FASTCALL KeAcquireGuardedMutex(PKGUARDED_MUTEX GuardedMutex) {
  DDI_ENTER(KeAcquireGuardedMutex, GuardedMutex);
  nt::acquire_raise(nt::as_fast_mutex(GuardedMutex), ddi.pc());
}

NTKERNELAPI BOOLEAN FASTCALL KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX GuardedMutex) {
  DDI_ENTER(KeTryToAcquireGuardedMutex, GuardedMutex);
  return nt::try_acquire_raise(nt::as_fast_mutex(GuardedMutex), ddi.pc());
}

NTKERNELAPI VOID FASTCALL KeReleaseGuardedMutex(PKGUARDED_MUTEX GuardedMutex) {
  DDI_ENTER(KeReleaseGuardedMutex, GuardedMutex);
  nt::release_lower(nt::as_fast_mutex(GuardedMutex), ddi.pc());
}

NTKERNELAPI VOID FASTCALL KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX GuardedMutex) {
  DDI_ENTER(KeAcquireGuardedMutexUnsafe, GuardedMutex);
  nt::require_apcs_off(nt::as_fast_mutex(GuardedMutex), ddi.pc());
  nt::acquire(nt::as_fast_mutex(GuardedMutex), ddi.pc());
}

NTKERNELAPI VOID FASTCALL KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX GuardedMutex) {
  DDI_ENTER(KeReleaseGuardedMutexUnsafe, GuardedMutex);
  nt::require_apcs_off(nt::as_fast_mutex(GuardedMutex), ddi.pc());
  nt::release(nt::as_fast_mutex(GuardedMutex), ddi.pc());
}

}  // extern "C"
