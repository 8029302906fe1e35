/* Cancellation: the cancel spin lock, cancel routines, IoCancelIrp. */
#include "emu/nt/irp.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

KSPIN_LOCK cancel_lock;

}  // namespace

void reset_cancel() {
  cancel_lock = 0;
  mach_lock_init(&cancel_lock, MACH_LOCK_CANCEL, nullptr);
}

KIRQL acquire_cancel_lock(const void* pc) {
  const KIRQL old = mach_raise_irql(DISPATCH_LEVEL, pc);
  mach_lock_acquire(&cancel_lock, MACH_LOCK_CANCEL, old, pc);
  return old;
}

void release_cancel_lock(KIRQL irql, const void* pc) {
  mach_lock_release(&cancel_lock, MACH_LOCK_CANCEL, irql, pc);
  mach_lower_irql(irql, pc);
}

PDRIVER_CANCEL set_cancel_routine(PIRP irp, PDRIVER_CANCEL routine, const void* pc) {
  const PDRIVER_CANCEL old = irp->CancelRoutine;
  irp->CancelRoutine = routine;
  mach_event(EVENT_IrpSetCancel, irp_object(irp), routine != nullptr, old != nullptr, pc);
  return old;
}

void call_cancel_routine(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp) {
  if (routine == csq_cancel_routine) return routine(device, irp);
  const m_u32 object = irp_object(irp);
  mach_enter(CALLBACK_Cancel, (const void*)routine, object, 0);
  routine(device, irp);
  mach_leave(CALLBACK_Cancel, object, 0);
}

/* Windows sets Cancel while it holds the cancel lock: a driver that holds the lock never sees Cancel change. */
bool cancel_irp(PIRP irp, IrpRecord* record, const void* pc) {
  const KIRQL old = acquire_cancel_lock(pc);
  if (record && record->gone) {
    release_cancel_lock(old, pc);
    return false;
  }
  mach_event(EVENT_IrpCancel, irp_object(irp), 0, 0, pc);
  irp->Cancel = TRUE;
  mach_point(DDI_IoCancelIrp, MACH_AFTER, irp, pc);
  /* A driver with a queue lock of its own may have completed it meanwhile; a guarded IRP is still there to look at. */
  const PDRIVER_CANCEL routine = record && record->gone ? nullptr : irp->CancelRoutine;
  if (!routine) {
    release_cancel_lock(old, pc);
    return false;
  }
  irp->CancelRoutine = nullptr;
  irp->CancelIrql = old;
  call_cancel_routine(routine, current_location(irp)->DeviceObject, irp);
  return true;
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql) {
  DDI_ENTER(IoAcquireCancelSpinLock, nullptr);
  *Irql = nt::acquire_cancel_lock(ddi.pc());
}

NTKERNELAPI VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql) {
  DDI_ENTER(IoReleaseCancelSpinLock, nullptr);
  nt::release_cancel_lock(Irql, ddi.pc());
}

NTKERNELAPI PDRIVER_CANCEL NTAPI IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine) {
  DDI_ENTER(IoSetCancelRoutine, Irp);
  return nt::set_cancel_routine(Irp, CancelRoutine, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI IoCancelIrp(PIRP Irp) {
  DDI_ENTER(IoCancelIrp, Irp);
  return nt::cancel_irp(Irp, nullptr, ddi.pc());
}

}  // extern "C"
