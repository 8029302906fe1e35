/* Dispatcher objects: waits, hand-over, events, semaphores. Mutexes are handed over here, too; the rest of them is in
 * mutant.cc.
 *
 * An object is handed to a waiter when it is signaled, not when the waiter runs: after KeSetEvent on a synchronization
 * event with a waiter the event is not signaled, whoever runs next. Waiters are served in the order in which they came.
 */
#include "emu/nt/wait.h"

#include "emu/nt/object_life.h"
#include "emu/nt/ownership.h"

namespace nt {
namespace {

constexpr UCHAR kBlockActive = 1;

bool is_empty(const LIST_ENTRY* head) {
  return head->Flink == head;
}

void insert_tail(LIST_ENTRY* head, LIST_ENTRY* entry) {
  entry->Flink = head;
  entry->Blink = head->Blink;
  head->Blink->Flink = entry;
  head->Blink = entry;
}

void unlink(LIST_ENTRY* entry) {
  entry->Blink->Flink = entry->Flink;
  entry->Flink->Blink = entry->Blink;
}

bool is_signaled_for(DISPATCHER_HEADER* header, Thread* thread) {
  if (header->SignalState > 0) return true;
  return header->Type == TypeMutant && as_mutex(header)->OwnerThread == (PKTHREAD)thread;
}

void take_mutex(PKMUTANT mutex, Thread* thread) {
  if (--mutex->Header.SignalState != 0) return;
  mutex->OwnerThread = (PKTHREAD)thread;
  /* Who has waited for it was below DISPATCH_LEVEL. */
  mutex->Header.DpcActive = thread == current_thread() && mach_irql() >= DISPATCH_LEVEL;
  thread->critical_regions += mutex->ApcDisable;
  insert_tail(&thread->mutexes, &mutex->MutantListEntry);
}

/* Of the objects that ended the wait, the mutexes that the thread did not own before. No other object is touched any more:
 * whoever signaled it may have freed it by now. */
void note_mutexes(Thread* thread, bool waits, const void* pc) {
  for (m_u32 i = 0; i < thread->wait_count; ++i) {
    if (!thread->wait_blocks[i].WaitType) continue;
    DISPATCHER_HEADER* header = (DISPATCHER_HEADER*)thread->wait_blocks[i].Object;
    const bool alone = waits && !(thread->wait_all && thread->wait_count > 1);
    note_owner(dispatcher_object(header), thread, alone ? OwnedExclusively : OwnedWithoutWait, pc);
  }
}

/* What a satisfied wait does to the object. */
void take_object(DISPATCHER_HEADER* header, Thread* thread) {
  switch (header->Type) {
    case TypeSynchronizationEvent:
    case TypeSynchronizationTimer:
      header->SignalState = 0;
      return;
    case TypeSemaphore:
      --header->SignalState;
      return;
    case TypeMutant:
      take_mutex(as_mutex(header), thread);
      return;
    default:
      return; /* notification objects and threads stay signaled */
  }
}

/* The block's WaitType says from now on whether the thread has become a mutex's owner. */
void take(KWAIT_BLOCK& block, Thread* thread) {
  auto* header = (DISPATCHER_HEADER*)block.Object;
  take_object(header, thread);
  block.WaitType = header->Type == TypeMutant && header->SignalState == 0;
}

DISPATCHER_HEADER* header_of(const KWAIT_BLOCK& block) {
  return (DISPATCHER_HEADER*)block.Object;
}

bool all_signaled(Thread* thread) {
  for (m_u32 i = 0; i < thread->wait_count; ++i)
    if (!is_signaled_for(header_of(thread->wait_blocks[i]), thread)) return false;
  return true;
}

/* Index of the first signaled object, or -1. */
LONG first_signaled(Thread* thread) {
  for (m_u32 i = 0; i < thread->wait_count; ++i)
    if (is_signaled_for(header_of(thread->wait_blocks[i]), thread)) return (LONG)i;
  return -1;
}

/* Takes what the thread waits for if it is there: true when the wait is over. */
bool try_satisfy(Thread* thread) {
  if (thread->wait_all) {
    if (!all_signaled(thread)) return false;
    for (m_u32 i = 0; i < thread->wait_count; ++i) take(thread->wait_blocks[i], thread);
    thread->wait_status = STATUS_SUCCESS;
    return true;
  }
  const LONG index = first_signaled(thread);
  if (index < 0) return false;
  take(thread->wait_blocks[index], thread);
  thread->wait_status = STATUS_WAIT_0 + index;
  return true;
}

void leave_wait_lists(Thread* thread) {
  for (m_u32 i = 0; i < thread->wait_count; ++i) {
    KWAIT_BLOCK& block = thread->wait_blocks[i];
    if (block.BlockState != kBlockActive) continue;
    unlink(&block.WaitListEntry);
    block.BlockState = 0;
  }
  thread->waiting = false;
}

void enter_wait_lists(Thread* thread) {
  for (m_u32 i = 0; i < thread->wait_count; ++i) {
    KWAIT_BLOCK& block = thread->wait_blocks[i];
    insert_tail(&header_of(block)->WaitListHead, &block.WaitListEntry);
    block.BlockState = kBlockActive;
  }
  thread->waiting = true;
}

void set_wait_block(Thread* thread, m_u32 index, void* object) {
  KWAIT_BLOCK& block = thread->wait_blocks[index];
  block.Thread = (PKTHREAD)thread;
  block.Object = object;
  block.WaitKey = (USHORT)index;
  block.BlockState = 0;
  block.WaitType = false;
}

/* A mutex can be acquired MINLONG times by its owner. */
void require_mutex_limit(Thread* thread) {
  for (m_u32 i = 0; i < thread->wait_count; ++i) {
    DISPATCHER_HEADER* header = header_of(thread->wait_blocks[i]);
    if (header->Type == TypeMutant && header->SignalState == MINLONG &&
        as_mutex(header)->OwnerThread == (PKTHREAD)thread)
      RtlRaiseStatus(STATUS_MUTANT_LIMIT_EXCEEDED);
  }
}

/* A wait in user mode on the client's thread can end early: alertable ones by any user APC, others when the thread is
 * terminated. System threads get no user APCs. */
bool is_interrupted(Thread* thread) {
  if (!thread->wait_in_user_mode) return false;
  thread->wait_in_user_mode = false;
  return mach_thread_kind(thread->number) == MACH_THREAD_USER && mach_choose(CHOICE_WaitInterrupted, 2) != 0;
}

/* The wait itself; blocks, count and kind of wait are set. Signalers take the thread off the lists before they wake it.
 */
NTSTATUS wait(Thread* thread, m_u64 due, m_u32 name, const void* name_address, const void* pc) {
  for (m_u32 i = 0; i < thread->wait_count; ++i) require_initialized(header_of(thread->wait_blocks[i]), pc);
  require_mutex_limit(thread);
  const bool resume = thread->wait_next;
  thread->wait_next = false;
  if (try_satisfy(thread)) {
    thread->wait_in_user_mode = false;
    note_mutexes(thread, !due || due > mach_time(), pc);
    const NTSTATUS status = thread->wait_status;
    if (resume) mach_lower_irql(thread->wait_irql, pc);
    return status;
  }
  if (due && due <= mach_time()) {
    thread->wait_in_user_mode = false;
    if (resume) mach_lower_irql(thread->wait_irql, pc);
    return STATUS_TIMEOUT;
  }
  if (is_interrupted(thread)) {
    if (resume) mach_lower_irql(thread->wait_irql, pc);
    return STATUS_USER_APC;
  }
  mach_event(EVENT_WaitBegin, name, due, 0, pc);
  enter_wait_lists(thread);
  if (due) mach_timer_set(&thread->time_limit, due, mach_cpu());
  if (resume) mach_lower_irql(thread->wait_irql, pc);
  while (thread->waiting) mach_block(0, name_address, pc);
  if (due) mach_timer_cancel(&thread->time_limit);
  mach_event(EVENT_WaitEnd, name, (m_u32)thread->wait_status, 0, pc);
  note_mutexes(thread, true, pc);
  return thread->wait_status;
}

void wake(Thread* thread) {
  leave_wait_lists(thread);
  mach_wake(thread->number, 0);
}

/* Also above DISPATCH_LEVEL: whose rule that is depends on the object. */
void require_may_wait(const LARGE_INTEGER* timeout, DISPATCHER_HEADER* object, const void* pc) {
  if (current_thread()->in_threaded_dpc && !(timeout && timeout->QuadPart == 0))
    mach_irql_violation("a wait in a threaded DPC, which may run at DISPATCH_LEVEL", dispatcher_object(object), pc);
  /* After a call with Wait = TRUE the level is the one that the wait goes back to. */
  const Thread* thread = current_thread();
  if ((thread->wait_next ? thread->wait_irql : mach_irql()) < DISPATCH_LEVEL) return;
  const bool looks = timeout && timeout->QuadPart == 0;
  if (looks && mach_irql() == DISPATCH_LEVEL) return;
  mach_irql_violation(looks     ? "a wait above DISPATCH_LEVEL"
                      : timeout ? "a wait with a nonzero timeout at DISPATCH_LEVEL or above"
                                : "a wait without a timeout at DISPATCH_LEVEL or above",
                      dispatcher_object(object), pc);
}

LONG release_semaphore(PKSEMAPHORE semaphore, LONG adjustment, const void* pc) {
  require_live_frame(semaphore, OBJECT_Semaphore, FREED_Used, pc);
  require_initialized(&semaphore->Header, pc);
  const LONG previous = semaphore->Header.SignalState;
  const LONG state = (LONG)((ULONG)previous + (ULONG)adjustment);
  if (state > semaphore->Limit || state < previous) RtlRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
  semaphore->Header.SignalState = state;
  mach_event(EVENT_Signal, dispatcher_object(&semaphore->Header), 0, 0, pc);
  satisfy_waiters(&semaphore->Header);
  return previous;
}

NTSTATUS delay(const LARGE_INTEGER* interval, const void* pc) {
  if (current_thread()->in_threaded_dpc)
    mach_irql_violation("a delay in a threaded DPC, which may run at DISPATCH_LEVEL", 0, pc);
  if (is_interrupted(current_thread())) return STATUS_USER_APC;
  const m_u64 due = due_time(interval);
  mach_event(EVENT_WaitBegin, 0, due, 0, pc);
  mach_block(due, nullptr, pc);
  mach_event(EVENT_WaitEnd, 0, STATUS_SUCCESS, 0, pc);
  return STATUS_SUCCESS;
}

}  // namespace

void require_initialized(DISPATCHER_HEADER* header, const void* pc) {
  if (header->WaitListHead.Flink) return;
  mach_bug_check(0xA, 0, mach_irql(), 0, (m_u64)(ULONG_PTR)pc, pc);
}

void prepare_wait(KIRQL old, const void* pc) {
  Thread* thread = current_thread();
  thread->wait_next = true;
  thread->wait_irql = old;
  mach_raise_irql(DISPATCH_LEVEL, pc);
}

void init_dispatcher(DISPATCHER_HEADER* header, UCHAR type, m_u32 bytes, LONG state) {
  /* The rest of the word stays as it is, as on Windows. */
  header->Type = type;
  header->Size = (UCHAR)(bytes / sizeof(LONG));
  header->SignalState = state;
  header->WaitListHead.Flink = header->WaitListHead.Blink = &header->WaitListHead;
}

m_u32 dispatcher_object(DISPATCHER_HEADER* header) {
  switch (header->Type) {
    case TypeMutant:
      return mach_object(OBJECT_Mutex, header);
    case TypeSemaphore:
      return mach_object(OBJECT_Semaphore, header);
    case TypeThread:
      return is_thread(header) ? ((Thread*)header)->object : mach_object(OBJECT_Event, header);
    case TypeNotificationTimer:
    case TypeSynchronizationTimer:
      return mach_object(OBJECT_Timer, header);
    default:
      return mach_object(OBJECT_Event, header);
  }
}

void satisfy_waiters(DISPATCHER_HEADER* header) {
  LIST_ENTRY* entry = header->WaitListHead.Flink;
  while (entry != &header->WaitListHead) {
    Thread* thread = (Thread*)CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry)->Thread;
    /* A thread may wait for the same object more than once: go on behind all of its blocks. */
    do entry = entry->Flink;
    while (entry != &header->WaitListHead &&
           (Thread*)CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry)->Thread == thread);
    if (try_satisfy(thread)) wake(thread);
    if (header->SignalState <= 0) return;
  }
}

/* A thread whose wait is over does not touch the object any more. */
void note_waits_in(const void* memory, m_u64 size, const void* pc) {
  for (Thread* thread = first_thread(); thread; thread = thread->next) {
    if (!thread->waiting) continue;
    for (m_u32 i = 0; i < thread->wait_count; ++i) {
      DISPATCHER_HEADER* header = header_of(thread->wait_blocks[i]);
      if (is_inside(header, memory, size))
        mach_event(EVENT_ObjectFreed, dispatcher_object(header), FREED_Memory, FREED_Waited, pc);
    }
  }
}

void init_event(PKEVENT event, EVENT_TYPE type, bool signaled) {
  init_dispatcher(&event->Header, type == NotificationEvent ? TypeNotificationEvent : TypeSynchronizationEvent,
                  sizeof(KEVENT), signaled);
}

LONG set_event(PKEVENT event, const void* pc) {
  require_live_frame(event, OBJECT_Event, FREED_Used, pc);
  require_initialized(&event->Header, pc);
  const LONG previous = event->Header.SignalState;
  event->Header.SignalState = 1;
  mach_event(EVENT_Signal, dispatcher_object(&event->Header), 0, 0, pc);
  if (previous == 0) satisfy_waiters(&event->Header);
  return previous;
}

void wait_event(PKEVENT event, const void* pc) {
  wait_one(&event->Header, 0, dispatcher_object(&event->Header), event, pc);
}

NTSTATUS wait_one(DISPATCHER_HEADER* object, m_u64 due, m_u32 name, const void* name_address, const void* pc) {
  Thread* thread = current_thread();
  thread->wait_blocks = thread->own_wait_blocks;
  thread->wait_count = 1;
  thread->wait_all = false;
  set_wait_block(thread, 0, object);
  return wait(thread, due, name, name_address, pc);
}

void wait_timed_out(Thread* thread) {
  if (!thread->waiting) return;
  thread->wait_status = STATUS_TIMEOUT;
  wake(thread);
}

m_u64 due_time(const LARGE_INTEGER* timeout) {
  if (!timeout) return 0;
  const LONGLONG value = timeout->QuadPart;
  const m_u64 now = mach_time();
  const m_u64 due = value < 0 ? now - (m_u64)value : (m_u64)value;
  return due < now || due == 0 ? (now ? now : 1) : due;
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State) {
  DDI_ENTER(KeInitializeEvent, Event);
  nt::init_event(Event, Type, State);
}

NTKERNELAPI LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY, BOOLEAN Wait) {
  DDI_ENTER(KeSetEvent, Event);
  const KIRQL old = mach_irql();
  if (Wait && old > APC_LEVEL)
    mach_irql_violation("KeSetEvent with Wait = TRUE above APC_LEVEL", nt::dispatcher_object(&Event->Header), ddi.pc());
  const LONG previous = nt::set_event(Event, ddi.pc());
  if (Wait) nt::prepare_wait(old, ddi.pc());
  return previous;
}

NTKERNELAPI LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY, BOOLEAN Wait) {
  DDI_ENTER(KePulseEvent, Event);
  const KIRQL old = mach_irql();
  const LONG previous = nt::set_event(Event, ddi.pc());
  Event->Header.SignalState = 0;
  if (Wait) nt::prepare_wait(old, ddi.pc());
  return previous;
}

NTKERNELAPI LONG NTAPI KeResetEvent(PRKEVENT Event) {
  DDI_ENTER(KeResetEvent, Event);
  const LONG previous = Event->Header.SignalState;
  Event->Header.SignalState = 0;
  return previous;
}

NTKERNELAPI VOID NTAPI KeClearEvent(PRKEVENT Event) {
  DDI_ENTER(KeClearEvent, Event);
  Event->Header.SignalState = 0;
}

NTKERNELAPI LONG NTAPI KeReadStateEvent(PRKEVENT Event) {
  DDI_ENTER(KeReadStateEvent, Event);
  return Event->Header.SignalState;
}

NTKERNELAPI VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit) {
  DDI_ENTER(KeInitializeSemaphore, Semaphore);
  nt::init_dispatcher(&Semaphore->Header, nt::TypeSemaphore, sizeof(KSEMAPHORE), Count);
  Semaphore->Limit = Limit;
}

NTKERNELAPI LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY, LONG Adjustment, BOOLEAN Wait) {
  DDI_ENTER(KeReleaseSemaphore, Semaphore);
  const KIRQL old = mach_irql();
  if (Wait && old > PASSIVE_LEVEL)
    mach_irql_violation("KeReleaseSemaphore with Wait = TRUE above PASSIVE_LEVEL",
                        nt::dispatcher_object(&Semaphore->Header), ddi.pc());
  const LONG previous = nt::release_semaphore(Semaphore, Adjustment, ddi.pc());
  if (Wait) nt::prepare_wait(old, ddi.pc());
  return previous;
}

NTKERNELAPI LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore) {
  DDI_ENTER(KeReadStateSemaphore, Semaphore);
  return Semaphore->Header.SignalState;
}

NTKERNELAPI NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON, KPROCESSOR_MODE WaitMode, BOOLEAN,
                                                 PLARGE_INTEGER Timeout) {
  DDI_ENTER(KeWaitForSingleObject, Object);
  auto* header = (DISPATCHER_HEADER*)Object;
  nt::require_may_wait(Timeout, header, ddi.pc());
  nt::current_thread()->wait_in_user_mode = WaitMode == UserMode;
  return nt::wait_one(header, nt::due_time(Timeout), nt::dispatcher_object(header), Object, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON,
                                                    KPROCESSOR_MODE WaitMode, BOOLEAN, PLARGE_INTEGER Timeout,
                                                    PKWAIT_BLOCK WaitBlockArray) {
  DDI_ENTER(KeWaitForMultipleObjects, Count ? Object[0] : nullptr);
  /* MAXIMUM_WAIT_COUNT_EXCEEDED */
  if (Count == 0 || Count > (WaitBlockArray ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS))
    mach_bug_check(0xC, 0, 0, 0, 0, ddi.pc());
  auto* first = (DISPATCHER_HEADER*)Object[0];
  nt::require_may_wait(Timeout, first, ddi.pc());
  nt::Thread* thread = nt::current_thread();
  thread->wait_blocks = WaitBlockArray ? WaitBlockArray : thread->own_wait_blocks;
  thread->wait_count = Count;
  thread->wait_all = WaitType == WaitAll;
  thread->wait_in_user_mode = WaitMode == UserMode;
  for (ULONG i = 0; i < Count; ++i) nt::set_wait_block(thread, i, Object[i]);
  return nt::wait(thread, nt::due_time(Timeout), nt::dispatcher_object(first), first, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN, PLARGE_INTEGER Interval) {
  DDI_ENTER(KeDelayExecutionThread, nullptr);
  nt::current_thread()->wait_in_user_mode = WaitMode == UserMode;
  return nt::delay(Interval, ddi.pc());
}

}  // extern "C"
