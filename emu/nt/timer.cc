/* Kernel timers and the time of day. Virtual time is in 100 ns and stands still unless the clock is chosen. */
#include "emu/nt/bus.h"
#include "emu/nt/dpc.h"
#include "emu/nt/ex_timer.h"
#include "emu/nt/io_timer.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/object_life.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

constexpr m_u64 kTicksPerMillisecond = 10000;
constexpr ULONG kTimeIncrement = 156250;
constexpr LONGLONG kPerformanceFrequency = 10000000;

m_u64 boot_time;

m_u64 since_boot() {
  return mach_time() - boot_time;
}

void init_timer(PKTIMER timer, TIMER_TYPE type, const void* pc) {
  if (mach_timer_cancel(timer)) mach_bug_check(0xC7, 0, (m_u64)timer, 0, 0, pc); /* TIMER_OR_DPC_INVALID */
  init_dispatcher(&timer->Header, type == NotificationTimer ? TypeNotificationTimer : TypeSynchronizationTimer,
                  sizeof(KTIMER), 0);
  timer->DueTime.QuadPart = 0;
  timer->Dpc = nullptr;
  timer->Period = 0;
  timer->Processor = 0;
}

/* True when the timer was set. */
bool take_off(PKTIMER timer) {
  timer->Header.Inserted = FALSE;
  return mach_timer_cancel(timer) != 0;
}

bool set_timer(PKTIMER timer, LARGE_INTEGER due, LONG period, PKDPC dpc, const void* pc) {
  const bool was_set = take_off(timer);
  timer->Header.SignalState = 0;
  timer->Header.Inserted = TRUE;
  timer->DueTime.QuadPart = due_time(&due);
  timer->Period = (ULONG)period;
  timer->Dpc = dpc;
  timer->Processor = mach_cpu();
  mach_event(EVENT_TimerSet, mach_object(OBJECT_Timer, timer), timer->DueTime.QuadPart, 0, pc);
  mach_timer_set(timer, timer->DueTime.QuadPart, timer->Processor);
  return was_set;
}

void expire(PKTIMER timer) {
  require_live_frame(timer, OBJECT_Timer, FREED_Queued, nullptr);
  mach_event(EVENT_TimerExpire, mach_object(OBJECT_Timer, timer), 0, 0, nullptr);
  timer->Header.SignalState = 1;
  timer->Header.Inserted = timer->Period != 0;
  if (timer->Period) {
    timer->DueTime.QuadPart += timer->Period * kTicksPerMillisecond;
    mach_timer_set(timer, timer->DueTime.QuadPart, timer->Processor);
  }
  satisfy_waiters(&timer->Header);
  const m_u64 now = mach_time();
  if (timer->Dpc)
    queue_dpc(timer->Dpc, dpc_target(timer->Dpc, timer->Processor), (PVOID)(ULONG_PTR)(ULONG)now,
              (PVOID)(ULONG_PTR)(now >> 32), nullptr);
}

}  // namespace

void reset_timer() {
  boot_time = mach_time() - 60 * 1000 * kTicksPerMillisecond;
}

}  // namespace nt

extern "C" {

void nt_timer_expired(void* timer) {
  if (nt::Thread* thread = nt::thread_of_time_limit(timer)) return nt::wait_timed_out(thread);
  if (nt::io_timer_expired(timer) || nt::ex_timer_expired(timer)) return;
  if (nt::bus_timer_expired(timer)) return;
  nt::expire((PKTIMER)timer);
}

NTKERNELAPI VOID NTAPI KeInitializeTimer(PKTIMER Timer) {
  DDI_ENTER(KeInitializeTimer, Timer);
  nt::init_timer(Timer, NotificationTimer, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type) {
  DDI_ENTER(KeInitializeTimerEx, Timer);
  nt::init_timer(Timer, Type, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc) {
  DDI_ENTER(KeSetTimer, Timer);
  return nt::set_timer(Timer, DueTime, 0, Dpc, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc) {
  DDI_ENTER(KeSetTimerEx, Timer);
  return nt::set_timer(Timer, DueTime, Period, Dpc, ddi.pc());
}

/* It may expire up to `TolerableDelay` milliseconds late. */
NTKERNELAPI BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay,
                                                PKDPC Dpc) {
  DDI_ENTER(KeSetCoalescableTimer, Timer);
  if (TolerableDelay && mach_choose(CHOICE_TimerCoalesced, 2)) {
    DueTime.QuadPart = (LONGLONG)(nt::due_time(&DueTime) + TolerableDelay * nt::kTicksPerMillisecond);
  }
  return nt::set_timer(Timer, DueTime, (LONG)Period, Dpc, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer) {
  DDI_ENTER(KeCancelTimer, Timer);
  const bool was_set = nt::take_off(Timer);
  mach_event(EVENT_TimerCancel, mach_object(OBJECT_Timer, Timer), was_set, 0, ddi.pc());
  return was_set;
}

NTKERNELAPI BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer) {
  DDI_ENTER(KeReadStateTimer, Timer);
  return Timer->Header.SignalState != 0;
}

NTKERNELAPI VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
  DDI_ENTER(KeQuerySystemTime, nullptr);
  CurrentTime->QuadPart = (LONGLONG)mach_time();
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime) {
  DDI_ENTER(KeQuerySystemTimePrecise, nullptr);
  CurrentTime->QuadPart = (LONGLONG)mach_time();
}

NTKERNELAPI VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount) {
  DDI_ENTER(KeQueryTickCount, nullptr);
  CurrentCount->QuadPart = (LONGLONG)(nt::since_boot() / nt::kTimeIncrement);
}

NTKERNELAPI ULONGLONG NTAPI KeQueryInterruptTime(VOID) {
  DDI_ENTER(KeQueryInterruptTime, nullptr);
  return nt::since_boot();
}

ULONG64 NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp) {
  DDI_ENTER(KeQueryInterruptTimePrecise, nullptr);
  *QpcTimeStamp = nt::since_boot();
  return nt::since_boot();
}

NTKERNELAPI ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID) {
  DDI_ENTER(KeQueryUnbiasedInterruptTime, nullptr);
  return nt::since_boot();
}

NTKERNELAPI ULONG NTAPI KeQueryTimeIncrement(VOID) {
  DDI_ENTER(KeQueryTimeIncrement, nullptr);
  return nt::kTimeIncrement;
}

NTKERNELAPI LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency) {
  DDI_ENTER(KeQueryPerformanceCounter, nullptr);
  if (PerformanceFrequency) PerformanceFrequency->QuadPart = nt::kPerformanceFrequency;
  LARGE_INTEGER now;
  now.QuadPart = (LONGLONG)nt::since_boot();
  return now;
}

/* The time zone is UTC. */
NTKERNELAPI VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime) {
  DDI_ENTER(ExSystemTimeToLocalTime, nullptr);
  *LocalTime = *SystemTime;
}

NTKERNELAPI VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime) {
  DDI_ENTER(ExLocalTimeToSystemTime, nullptr);
  *SystemTime = *LocalTime;
}

unsigned long long ReadTimeStampCounter(void) {
  DDI_ENTER(ReadTimeStampCounter, nullptr);
  return nt::since_boot();
}

}  // extern "C"
