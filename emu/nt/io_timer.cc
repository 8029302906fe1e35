/* IoTimers: once a second the device's routine is called at DISPATCH_LEVEL, as a DPC.
 *
 * The routine runs under a lock that IoStopTimer takes, too: when IoStopTimer returns, the routine neither runs nor will.
 * That is why it must not be called from the routine.
 */
#include "emu/nt/io_timer.h"

#include "emu/nt/dpc.h"
#include "emu/nt/nt_families.h"

/* Opaque to drivers. */
struct _IO_TIMER {
  PIO_TIMER next;
  PDEVICE_OBJECT device;
  PIO_TIMER_ROUTINE routine;
  PVOID context;
  bool started;
  m_u64 due;
  KDPC dpc;
};

namespace nt {
namespace {

constexpr m_u64 kSecond = 10000000;

PIO_TIMER timers;
KSPIN_LOCK timer_lock;

KIRQL lock_timers(const void* pc) {
  const KIRQL old = mach_irql();
  if (old < DISPATCH_LEVEL) mach_raise_irql(DISPATCH_LEVEL, pc);
  mach_lock_acquire(&timer_lock, MACH_LOCK_INTERNAL, old, pc);
  return old;
}

void unlock_timers(KIRQL old, const void* pc) {
  mach_lock_release(&timer_lock, MACH_LOCK_INTERNAL, old, pc);
  if (old < DISPATCH_LEVEL) mach_lower_irql(old, pc);
}

/* Runs as a DPC. */
void NTAPI call_routine(PKDPC, PVOID context, PVOID, PVOID) {
  auto* timer = (PIO_TIMER)context;
  const KIRQL old = lock_timers(nullptr);
  if (timer->started) {
    const m_u32 object = mach_object(OBJECT_Device, timer->device);
    mach_enter(CALLBACK_Dpc, (const void*)timer->routine, object, 0);
    timer->routine(timer->device, timer->context);
    mach_leave(CALLBACK_Dpc, object, 0);
  }
  unlock_timers(old, nullptr);
}

void arm(PIO_TIMER timer) {
  timer->due += kSecond;
  mach_timer_set(timer, timer->due, mach_cpu());
}

void start(PIO_TIMER timer) {
  if (timer->started) return;
  timer->started = true;
  timer->due = mach_time();
  arm(timer);
}

void stop(PIO_TIMER timer) {
  timer->started = false;
  mach_timer_cancel(timer);
  remove_dpc(&timer->dpc);
}

PIO_TIMER make_timer(PDEVICE_OBJECT device) {
  auto* timer = (PIO_TIMER)mach_pool_alloc(sizeof(_IO_TIMER), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  timer->device = device;
  timer->next = timers;
  init_kernel_dpc(&timer->dpc, call_routine, timer);
  timers = timer;
  return device->Timer = timer;
}

/* The device's timer; a device without one makes Windows stop at a null pointer. */
PIO_TIMER timer_of(PDEVICE_OBJECT device, const void* pc) {
  if (!device->Timer) mach_bug_check(0xA, 0, mach_irql(), 0, (m_u64)(ULONG_PTR)pc, pc);
  return device->Timer;
}

}  // namespace

void reset_io_timer() {
  timers = nullptr;
  timer_lock = 0;
  mach_lock_init(&timer_lock, MACH_LOCK_INTERNAL, nullptr);
}

void io_timer_gone(PDEVICE_OBJECT device) {
  PIO_TIMER timer = device->Timer;
  if (!timer) return;
  const KIRQL old = lock_timers(nullptr);
  stop(timer);
  PIO_TIMER* at = &timers;
  while (*at != timer) at = &(*at)->next;
  *at = timer->next;
  device->Timer = nullptr;
  unlock_timers(old, nullptr);
}

bool io_timer_expired(void* pointer) {
  PIO_TIMER timer = timers;
  while (timer && timer != pointer) timer = timer->next;
  if (!timer) return false;
  arm(timer);
  queue_dpc(&timer->dpc, mach_cpu(), nullptr, nullptr, nullptr);
  return true;
}

}  // namespace nt

extern "C" {

/* A second call replaces the routine. */
NTKERNELAPI NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context) {
  DDI_ENTER(IoInitializeTimer, DeviceObject);
  PIO_TIMER timer = DeviceObject->Timer ? DeviceObject->Timer : nt::make_timer(DeviceObject);
  timer->routine = TimerRoutine;
  timer->context = Context;
  return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI IoStartTimer(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoStartTimer, DeviceObject);
  nt::start(nt::timer_of(DeviceObject, ddi.pc()));
}

NTKERNELAPI VOID NTAPI IoStopTimer(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoStopTimer, DeviceObject);
  PIO_TIMER timer = nt::timer_of(DeviceObject, ddi.pc());
  const KIRQL old = nt::lock_timers(ddi.pc());
  nt::stop(timer);
  nt::unlock_timers(old, ddi.pc());
}

}  // extern "C"
