/* Dispatcher objects and waits, for the other families. None of these is a DDI: no DdiEnter, no scheduling point unless
 * `Yields` is said. `pc` is the driver's call. */
#ifndef WDMFUZZ_EMU_NT_WAIT_H
#define WDMFUZZ_EMU_NT_WAIT_H

#include "emu/nt/thread.h"

namespace nt {

/* Values of DISPATCHER_HEADER.Type, as the debugger shows them. */
enum : UCHAR {
  TypeNotificationEvent = 0,
  TypeSynchronizationEvent = 1,
  TypeMutant = 2,
  TypeSemaphore = 5,
  TypeThread = 6,
  TypeNotificationTimer = 8,
  TypeSynchronizationTimer = 9,
};

inline PKMUTANT as_mutex(DISPATCHER_HEADER* header) {
  return CONTAINING_RECORD(header, KMUTANT, Header);
}
/* An object that nobody initialised is zeros, and Windows stops at the first use of its wait list. */
void require_initialized(DISPATCHER_HEADER* header, const void* pc);
/* KeSetEvent(..., TRUE) and its like return at DISPATCH_LEVEL; the wait that must follow goes back to `old`. */
void prepare_wait(KIRQL old, const void* pc);

/* Makes `header` an object nobody waits for. */
void init_dispatcher(DISPATCHER_HEADER* header, UCHAR type, m_u32 bytes, LONG state);
/* Hands the object to as many waiters as its state allows, in the order in which they came. */
void satisfy_waiters(DISPATCHER_HEADER* header);
/* OBJECT_* of a dispatcher object; nt_timer_expired, events and reports use it. Returns its number in the trace. */
m_u32 dispatcher_object(DISPATCHER_HEADER* header);

void init_event(PKEVENT event, EVENT_TYPE type, bool signaled);
/* KeSetEvent without the outer scheduling points. Emits Signal. Returns the previous state. */
LONG set_event(PKEVENT event, const void* pc = nullptr);
/* Waits without a time limit. Requires: IRQL <= APC_LEVEL. Yields. Emits WaitBegin, WaitEnd. */
void wait_event(PKEVENT event, const void* pc = nullptr);

/* Waits for `object` until virtual time `due` (0: for ever; the past: does not wait). `name` is what reports say it
 * waits for: an object number. Yields. Emits WaitBegin and WaitEnd unless it need not wait. */
NTSTATUS wait_one(DISPATCHER_HEADER* object, m_u64 due, m_u32 name, const void* name_address, const void* pc);
/* The time limit of `thread`'s wait has passed: takes it off every wait list and wakes it. Called by the clock. */
void wait_timed_out(Thread* thread);

/* Due time of a DDI's optional timeout: 0 for ever, else absolute virtual time (never 0). */
m_u64 due_time(const LARGE_INTEGER* timeout);

}  // namespace nt

#endif
