/* StartIo serialisation: one IRP at a time per device object. */
#include "emu/nt/device.h"
#include "emu/nt/device_queue.h"
#include "emu/nt/irp.h"

namespace nt {
namespace {

void start_next(PDEVICE_OBJECT device, bool cancelable, const ULONG* key, const void* pc);

void call_start_io(PDEVICE_OBJECT device, PIRP irp) {
  const PDRIVER_STARTIO routine = device->DriverObject->DriverStartIo;
  const m_u32 object = irp_object(irp);
  mach_enter(CALLBACK_StartIo, (const void*)routine, object, 0);
  routine(device, irp);
  mach_leave(CALLBACK_StartIo, object, 0);
}

/* With deferred StartIo, an IoStartNextPacket that comes while StartIo runs is done after it, not inside it. */
void start(PDEVICE_OBJECT device, PIRP irp, const void* pc) {
  DeviceRecord* record = find_device(device);
  if (!record->deferred_start_io) return call_start_io(device, irp);
  ++record->start_io_active;
  call_start_io(device, irp);
  if (--record->start_io_active || !record->start_io_requested) return;
  record->start_io_requested = false;
  start_next(device, record->start_io_cancelable, record->start_io_with_key ? &record->start_io_key : nullptr, pc);
}

void start_next(PDEVICE_OBJECT device, bool cancelable, const ULONG* key, const void* pc) {
  const KIRQL old = cancelable ? acquire_cancel_lock(pc) : 0;
  device->CurrentIrp = nullptr;
  PKDEVICE_QUEUE_ENTRY entry = device_queue_remove(&device->DeviceQueue, key, pc);
  PIRP irp = entry ? CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry) : nullptr;
  device->CurrentIrp = irp;
  if (irp && cancelable && find_device(device)->non_cancelable) set_cancel_routine(irp, nullptr, pc);
  if (cancelable) release_cancel_lock(old, pc);
  if (irp) start(device, irp, pc);
}

void start_next_or_defer(PDEVICE_OBJECT device, bool cancelable, const ULONG* key, const void* pc) {
  DeviceRecord* record = find_device(device);
  if (!record->start_io_active) return start_next(device, cancelable, key, pc);
  record->start_io_requested = true;
  record->start_io_cancelable = cancelable;
  record->start_io_with_key = key != nullptr;
  record->start_io_key = key ? *key : 0;
}

/* It is on the queue now. When it was cancelled before it had its routine, that routine is called here. Releases the
 * cancel lock. */
void cancel_if_late(PDEVICE_OBJECT device, PIRP irp, KIRQL cancel_irql, const void* pc) {
  const PDRIVER_CANCEL routine = irp->Cancel ? set_cancel_routine(irp, nullptr, pc) : nullptr;
  if (!routine) return release_cancel_lock(cancel_irql, pc);
  irp->CancelIrql = cancel_irql;
  call_cancel_routine(routine, device, irp);
}

void start_packet(PDEVICE_OBJECT device, PIRP irp, const ULONG* key, PDRIVER_CANCEL cancel, const void* pc) {
  KIRQL cancel_irql = 0;
  if (cancel) {
    cancel_irql = acquire_cancel_lock(pc);
    set_cancel_routine(irp, cancel, pc);
  }
  if (device_queue_insert(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry, key, pc)) {
    mach_event(EVENT_IrpQueue, irp_object(irp), 0, 0, pc);
    if (cancel) cancel_if_late(device, irp, cancel_irql, pc);
    return;
  }
  device->CurrentIrp = irp;
  if (cancel && find_device(device)->non_cancelable) set_cancel_routine(irp, nullptr, pc);
  if (cancel) release_cancel_lock(cancel_irql, pc);
  start(device, irp, pc);
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction) {
  DDI_ENTER(IoStartPacket, Irp);
  const KIRQL old = mach_raise_irql(DISPATCH_LEVEL, ddi.pc());
  nt::start_packet(DeviceObject, Irp, Key, CancelFunction, ddi.pc());
  mach_lower_irql(old, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable) {
  DDI_ENTER(IoStartNextPacket, DeviceObject);
  nt::start_next_or_defer(DeviceObject, Cancelable, nullptr, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key) {
  DDI_ENTER(IoStartNextPacketByKey, DeviceObject);
  nt::start_next_or_defer(DeviceObject, Cancelable, &Key, ddi.pc());
}

VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo, BOOLEAN NonCancelable) {
  DDI_ENTER(IoSetStartIoAttributes, DeviceObject);
  nt::DeviceRecord* record = nt::find_device(DeviceObject);
  record->deferred_start_io = DeferredStartIo;
  record->non_cancelable = NonCancelable;
  mach_event(EVENT_StartIoAttributes, nt::device_object(DeviceObject), (DeferredStartIo ? 1 : 0) | (NonCancelable ? 2 : 0), 0,
             ddi.pc());
}

}  // extern "C"
