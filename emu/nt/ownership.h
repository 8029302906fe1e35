/* Who owns a blocking lock (mutex, resource, push lock): what the Deadlock rule names when nothing can run any more.
 * Spin locks are the machine's; for everything a thread waits for, the family that hands it over says so here. */
#ifndef WDMFUZZ_EMU_NT_OWNERSHIP_H
#define WDMFUZZ_EMU_NT_OWNERSHIP_H

#include "emu/nt/thread.h"

namespace nt {

/* How a lock came to its owner, or-ed. */
enum : m_u32 {
  OwnedExclusively = 0,
  OwnedShared = 1,
  OwnedWithoutWait = 2 /* by a form that does not wait for this lock alone: it says nothing about an order of locks */
};

/* `thread` owns `object` from now on, in addition to other owners. Emits Own. */
inline void note_owner(m_u32 object, const Thread* thread, m_u32 how, const void* pc) {
  mach_event(EVENT_Own, object, thread->number + 1, how, pc);
}
/* `thread` does not own it any more. Emits Disown. */
inline void note_no_owner(m_u32 object, const Thread* thread, const void* pc) {
  mach_event(EVENT_Disown, object, thread->number + 1, 0, pc);
}

/* May the running thread hold a lock that needs normal kernel APCs off? At APC_LEVEL, in a critical or guarded region, or
 * in a system thread, which nobody can suspend. */
inline bool apcs_are_off(const Thread* thread) {
  return mach_irql() >= APC_LEVEL || thread->critical_regions > 0 || thread->guarded_regions > 0 ||
         thread->process == system_process();
}

}  // namespace nt

#endif
