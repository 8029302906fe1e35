/* wdmfuzz-sample: startiocancel
 * kind: seeded
 * pattern: C19
 * class: P1
 * rule: DoubleCompletion, heap-use-after-free, StartIoCancel
 * function: SlowStartIo, SlowCancel
 * line: any
 * calls: 3
 * preemptions: 1
 * A device that serves one write at a time through StartIo, and lets the others wait in its device queue. The cancel
 * routine does not ask whether the IRP is the current one: then StartIo, which waits for the cancel spin lock, goes
 * on with an IRP that is completed already.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH SlowWrite;
DRIVER_STARTIO SlowStartIo;
DRIVER_CANCEL SlowCancel;

VOID SlowCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
#ifdef FIXED
    if (Irp == DeviceObject->CurrentIrp) {
        IoReleaseCancelSpinLock(Irp->CancelIrql); /* SlowStartIo looks at Irp->Cancel */
        return;
    }
#endif
    KeRemoveEntryDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED, 0); /* BUG: of the current IRP, too */
}

VOID SlowStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    BOOLEAN cancelled;
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(Irp, NULL);
    cancelled = Irp->Cancel;
    IoReleaseCancelSpinLock(irql);
    IoStartNextPacket(DeviceObject, TRUE);
    Complete(Irp, cancelled ? STATUS_CANCELLED : STATUS_SUCCESS, 0);
}

NTSTATUS SlowWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, SlowCancel);
    return STATUS_PENDING;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = CreatePatternDevice(DriverObject, 0, &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_WRITE] = SlowWrite;
    DriverObject->DriverStartIo = SlowStartIo;
    return STATUS_SUCCESS;
}
