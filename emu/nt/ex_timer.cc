/* ExXxxTimer timers: allocated by the kernel, waitable, with a callback at DISPATCH_LEVEL and a way to delete them while
 * the callback may be under way. */
#include "emu/nt/ex_timer.h"

#include "emu/nt/dpc.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/wait.h"

/* Opaque to drivers; what they may do is wait for it. */
struct _EX_TIMER {
  DISPATCHER_HEADER header;
  PEX_TIMER next;
  PEXT_CALLBACK callback;
  PVOID context;
  m_u64 due;
  m_u64 period;
  bool set;
  bool deleting;
  LONG running; /* callbacks under way: several at once when the period is shorter than they take */
  PEXT_DELETE_CALLBACK deleted;
  PVOID deleted_context;
  PKEVENT waiter; /* ExDeleteTimer waits for the end of the callback */
  KDPC dpc;
};

namespace nt {
namespace {

constexpr ULONG kTimerTag = 'mTxE';

PEX_TIMER timers;

void arm(PEX_TIMER timer, m_u64 due) {
  timer->set = true;
  timer->due = due;
  mach_event(EVENT_TimerSet, mach_object(OBJECT_Timer, timer), due, 0, nullptr);
  mach_timer_set(timer, due, mach_cpu());
}

bool take_off(PEX_TIMER timer) {
  const bool was_set = timer->set;
  timer->set = false;
  mach_timer_cancel(timer);
  return was_set;
}

void forget(PEX_TIMER timer) {
  PEX_TIMER* at = &timers;
  while (*at != timer) at = &(*at)->next;
  *at = timer->next;
}

/* At DISPATCH_LEVEL, also when it is ExDeleteTimer that finds nothing under way. */
void call_deleted(PEXT_DELETE_CALLBACK deleted, PVOID context) {
  if (!deleted) return;
  const KIRQL old = mach_raise_irql(DISPATCH_LEVEL, nullptr);
  mach_enter(CALLBACK_Other, (const void*)deleted, 0, 0);
  deleted(context);
  mach_leave(CALLBACK_Other, 0, 0);
  mach_lower_irql(old, nullptr);
}

/* Nothing of it is under way any more. */
void destroy(PEX_TIMER timer) {
  const PEXT_DELETE_CALLBACK deleted = timer->deleted;
  const PVOID context = timer->deleted_context;
  PKEVENT waiter = timer->waiter;
  forget(timer);
  mach_pool_free(timer, kTimerTag, nullptr);
  call_deleted(deleted, context);
  if (waiter) set_event(waiter);
}

void destroy_if_idle(PEX_TIMER timer) {
  if (timer->deleting && !timer->set && !timer->running && !timer->dpc.DpcData) destroy(timer);
}

/* Runs as a DPC. */
void NTAPI call_back(PKDPC, PVOID context, PVOID, PVOID) {
  auto* timer = (PEX_TIMER)context;
  ++timer->running;
  const m_u32 object = mach_object(OBJECT_Timer, timer);
  mach_enter(CALLBACK_Dpc, (const void*)timer->callback, object, 0);
  timer->callback(timer, timer->context);
  mach_leave(CALLBACK_Dpc, object, 0);
  --timer->running;
  destroy_if_idle(timer);
}

void expire(PEX_TIMER timer) {
  mach_event(EVENT_TimerExpire, mach_object(OBJECT_Timer, timer), 0, 0, nullptr);
  timer->set = false;
  timer->header.SignalState = 1;
  if (timer->period && !timer->deleting) arm(timer, timer->due + timer->period);
  satisfy_waiters(&timer->header);
  if (timer->callback)
    queue_dpc(&timer->dpc, mach_cpu(), nullptr, nullptr, nullptr);
  else
    destroy_if_idle(timer);
}

PEX_TIMER allocate(PEXT_CALLBACK callback, PVOID context, bool notification, const void* pc) {
  auto* timer = (PEX_TIMER)mach_pool_alloc(sizeof(_EX_TIMER), kTimerTag, MACH_POOL_ZERO, pc);
  if (!timer) return nullptr;
  init_dispatcher(&timer->header, notification ? TypeNotificationTimer : TypeSynchronizationTimer, sizeof(KTIMER), 0);
  timer->callback = callback;
  timer->context = context;
  init_kernel_dpc(&timer->dpc, call_back, timer);
  timer->next = timers;
  return timers = timer;
}

bool set(PEX_TIMER timer, LONGLONG due, LONGLONG period) {
  if (timer->deleting) return false;
  const bool was_set = take_off(timer);
  LARGE_INTEGER time;
  time.QuadPart = due;
  timer->header.SignalState = 0;
  timer->period = (m_u64)period;
  arm(timer, due_time(&time));
  return was_set;
}

void require_may_wait(PEX_TIMER timer, bool cancel, const void* pc) {
  if (!cancel) mach_bug_check(0xC7, 0, (m_u64)timer, 0, 0, pc); /* waits for an end that nobody brings about */
  if (mach_irql() >= DISPATCH_LEVEL)
    mach_irql_violation("ExDeleteTimer waits at DISPATCH_LEVEL or above", mach_object(OBJECT_Timer, timer), pc);
}

bool remove(PEX_TIMER timer, bool cancel, bool wait, const EXT_DELETE_PARAMETERS* parameters, const void* pc) {
  if (wait) require_may_wait(timer, cancel, pc);
  const bool was_set = cancel && take_off(timer);
  timer->deleting = true;
  if (parameters) {
    timer->deleted = parameters->DeleteCallback;
    timer->deleted_context = parameters->DeleteContext;
  }
  const bool under_way = timer->set || timer->running || timer->dpc.DpcData;
  KEVENT ended;
  init_event(&ended, NotificationEvent, false);
  if (wait && under_way) timer->waiter = &ended;
  destroy_if_idle(timer);
  if (wait && under_way) wait_event(&ended, pc);
  return was_set;
}

}  // namespace

void reset_ex_timer() {
  timers = nullptr;
}

bool ex_timer_expired(void* pointer) {
  for (PEX_TIMER timer = timers; timer; timer = timer->next) {
    if (timer != pointer) continue;
    expire(timer);
    return true;
  }
  return false;
}

}  // namespace nt

extern "C" {

NTKERNELAPI PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK callback, PVOID context, ULONG attr) {
  DDI_ENTER(ExAllocateTimer, nullptr);
  return nt::allocate(callback, context, attr & EX_TIMER_NOTIFICATION, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI ExSetTimer(PEX_TIMER timer, LONGLONG due, LONGLONG period, PEXT_SET_PARAMETERS) {
  DDI_ENTER(ExSetTimer, timer);
  return nt::set(timer, due, period);
}

NTKERNELAPI BOOLEAN NTAPI ExCancelTimer(PEX_TIMER timer, PEXT_CANCEL_PARAMETERS) {
  DDI_ENTER(ExCancelTimer, timer);
  const bool was_set = nt::take_off(timer);
  mach_event(EVENT_TimerCancel, mach_object(OBJECT_Timer, timer), was_set, 0, ddi.pc());
  return was_set;
}

NTKERNELAPI BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait, PEXT_DELETE_PARAMETERS params) {
  DDI_ENTER(ExDeleteTimer, timer);
  return nt::remove(timer, cancel, wait, params, ddi.pc());
}

}  // extern "C"
