/* Interrupt objects. The hardware behind them stays silent: no interrupt ever fires. */
#include "emu/nt/nt.h"

/* Opaque to drivers. */
struct _KINTERRUPT {
  PKSERVICE_ROUTINE routine;
  PVOID context;
  PKSPIN_LOCK lock; /* the driver's, or `own_lock` */
  KSPIN_LOCK own_lock;
  KIRQL synchronize_irql;
};

namespace nt {
namespace {

PKINTERRUPT connect(PKSERVICE_ROUTINE routine, PVOID context, PKSPIN_LOCK lock, KIRQL irql, const void* pc) {
  auto* interrupt = (PKINTERRUPT)mach_pool_alloc(sizeof(_KINTERRUPT), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  interrupt->routine = routine;
  interrupt->context = context;
  interrupt->lock = lock ? lock : &interrupt->own_lock;
  interrupt->synchronize_irql = irql;
  if (!lock) mach_lock_init(interrupt->lock, MACH_LOCK_INTERRUPT, pc);
  return interrupt;
}

KIRQL acquire(PKINTERRUPT interrupt, const void* pc) {
  const KIRQL old = mach_raise_irql(interrupt->synchronize_irql, pc);
  mach_lock_acquire(interrupt->lock, MACH_LOCK_INTERRUPT, old, pc);
  return old;
}

void release(PKINTERRUPT interrupt, KIRQL irql, const void* pc) {
  mach_lock_release(interrupt->lock, MACH_LOCK_INTERRUPT, irql, pc);
  mach_lower_irql(irql, pc);
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT* InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                              PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG, KIRQL Irql,
                                              KIRQL SynchronizeIrql, KINTERRUPT_MODE, BOOLEAN, KAFFINITY, BOOLEAN) {
  DDI_ENTER(IoConnectInterrupt, nullptr);
  *InterruptObject = nullptr;
  if (SynchronizeIrql < Irql) return STATUS_INVALID_PARAMETER;
  *InterruptObject = nt::connect(ServiceRoutine, ServiceContext, SpinLock, SynchronizeIrql, ddi.pc());
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters) {
  DDI_ENTER(IoConnectInterruptEx, nullptr);
  if (Parameters->Version != CONNECT_FULLY_SPECIFIED)
    mach_not_emulated("IoConnectInterruptEx without a fully specified interrupt");
  const auto& full = Parameters->FullySpecified;
  *full.InterruptObject =
      nt::connect(full.ServiceRoutine, full.ServiceContext, full.SpinLock, full.SynchronizeIrql, ddi.pc());
  return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject) {
  DDI_ENTER(IoDisconnectInterrupt, InterruptObject);
  mach_pool_free(InterruptObject, 0, nullptr);
}

NTKERNELAPI VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters) {
  DDI_ENTER(IoDisconnectInterruptEx, nullptr);
  mach_pool_free(Parameters->ConnectionContext.InterruptObject, 0, nullptr);
}

NTKERNELAPI BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                                 PVOID SynchronizeContext) {
  DDI_ENTER(KeSynchronizeExecution, Interrupt);
  const KIRQL old = nt::acquire(Interrupt, ddi.pc());
  mach_enter(CALLBACK_Other, (const void*)SynchronizeRoutine, 0, 0);
  const BOOLEAN result = SynchronizeRoutine(SynchronizeContext);
  mach_leave(CALLBACK_Other, 0, result);
  nt::release(Interrupt, old, ddi.pc());
  return result;
}

NTKERNELAPI KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt) {
  DDI_ENTER(KeAcquireInterruptSpinLock, Interrupt);
  return nt::acquire(Interrupt, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql) {
  DDI_ENTER(KeReleaseInterruptSpinLock, Interrupt);
  nt::release(Interrupt, OldIrql, ddi.pc());
}

}  // extern "C"
