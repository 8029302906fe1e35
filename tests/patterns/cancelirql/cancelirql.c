/* wdmfuzz-sample: cancelirql
 * kind: seeded
 * pattern: C03
 * class: S+C
 * rule: CancelSpinLock, IrqlReturn, IrqlContract
 * function: BellCancel
 * line: any
 * calls: 2
 * preemptions: 0
 * A doorbell: a read pends until a write rings. The cancel routine takes the queue's own lock under the cancel spin
 * lock, and gives back the cancel spin lock with the IRQL of its own: the processor stays at DISPATCH_LEVEL.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue; taken with the cancel spin lock held or not, never the other way round */
    LIST_ENTRY Queue;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH BellRead, BellWrite;
DRIVER_CANCEL BellCancel;

VOID BellCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
#ifdef FIXED
    IoReleaseCancelSpinLock(Irp->CancelIrql);
#else
    IoReleaseCancelSpinLock(irql); /* BUG: this is DISPATCH_LEVEL */
#endif
    Complete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS BellRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    IoSetCancelRoutine(Irp, BellCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&ext->Lock, irql);
        return Complete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    InsertTailList(&ext->Queue, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
}

NTSTATUS BellWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PIRP reader = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    for (entry = ext->Queue.Flink; entry != &ext->Queue && reader == NULL; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            reader = irp;
        }
    }
    if (reader != NULL) {
        RemoveEntryList(&reader->Tail.Overlay.ListEntry);
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    if (reader != NULL) {
        Complete(reader, STATUS_SUCCESS, 0);
    }
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Queue);
    DriverObject->MajorFunction[IRP_MJ_READ] = BellRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = BellWrite;
    return STATUS_SUCCESS;
}
