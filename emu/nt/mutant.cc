/* Mutexes (KMUTEX): owned by a thread, which may take one again and again; while it owns one, normal kernel APCs are off. */
#include "emu/nt/ownership.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

void init_mutex(PKMUTANT mutex) {
  mach_object_gone(mutex); /* another one from now on */
  init_dispatcher(&mutex->Header, TypeMutant, sizeof(KMUTEX), 1);
  mutex->MutantListEntry.Flink = mutex->MutantListEntry.Blink = &mutex->MutantListEntry;
  mutex->OwnerThread = nullptr;
  mutex->Abandoned = FALSE;
  mutex->ApcDisable = 1;
}

/* Raises STATUS_MUTANT_NOT_OWNED for another thread, and for one that acquired it on the other side of DISPATCH_LEVEL. No
 * mutex is ever abandoned: a thread that ends with one is a bug check. */
void require_owner(PKMUTANT mutex, const Thread* thread) {
  const bool mine = mutex->OwnerThread == (PKTHREAD)thread;
  if (mine && mutex->Header.DpcActive == (mach_irql() >= DISPATCH_LEVEL)) return;
  RtlRaiseStatus(STATUS_MUTANT_NOT_OWNED);
}

void unlink(LIST_ENTRY* entry) {
  entry->Blink->Flink = entry->Flink;
  entry->Flink->Blink = entry->Blink;
}

LONG release_mutex(PKMUTANT mutex, const void* pc) {
  require_initialized(&mutex->Header, pc);
  Thread* thread = current_thread();
  require_owner(mutex, thread);
  const LONG previous = mutex->Header.SignalState++;
  if (mutex->Header.SignalState != 1) return previous;
  unlink(&mutex->MutantListEntry);
  mutex->OwnerThread = nullptr;
  thread->critical_regions -= mutex->ApcDisable;
  const m_u32 object = dispatcher_object(&mutex->Header);
  note_no_owner(object, thread, pc);
  mach_event(EVENT_Signal, object, 0, 0, pc);
  satisfy_waiters(&mutex->Header);
  return previous;
}

}  // namespace

void require_no_mutex(const void* routine, const void* context, const void* pc) {
  const Thread* thread = current_thread();
  if (thread->mutexes.Flink == &thread->mutexes) return;
  mach_bug_check(0x39, (m_u64)routine, (m_u64)context, (m_u64)thread->mutexes.Flink, 0, pc); /* SYSTEM_EXIT_OWNED_MUTEX */
}

}  // namespace nt

extern "C" {

/* The level is a relic. */
NTKERNELAPI VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG) {
  DDI_ENTER(KeInitializeMutex, Mutex);
  nt::init_mutex(Mutex);
}

NTKERNELAPI LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait) {
  DDI_ENTER(KeReleaseMutex, Mutex);
  const KIRQL old = mach_irql();
  const LONG previous = nt::release_mutex(Mutex, ddi.pc());
  if (Wait) nt::prepare_wait(old, ddi.pc());
  return previous;
}

NTKERNELAPI LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex) {
  DDI_ENTER(KeReadStateMutex, Mutex);
  return Mutex->Header.SignalState;
}

}  // extern "C"
