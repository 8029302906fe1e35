/* wdmfuzz-sample: staleentry
 * kind: seeded
 * pattern: C13
 * class: P1
 * rule: BugCheck, heap-use-after-free
 * function: QueueCancel
 * line: any
 * calls: 4
 * preemptions: 1
 * Reads wait in a queue until a write completes the oldest. The write takes an IRP off the queue before it asks for
 * its cancel routine, and leaves the IRP to that routine when that has been called already. The list entry is not
 * made empty again: the cancel routine unlinks it a second time.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH QueueRead, QueueWrite;
DRIVER_CANCEL QueueCancel;

VOID QueueCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    Complete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS QueueRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    IoSetCancelRoutine(Irp, QueueCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&ext->Lock, irql);
        return Complete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    InsertTailList(&ext->Queue, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
}

/* The oldest IRP that is not being cancelled. */
static PIRP QueueTake(PDEVICE_EXTENSION Ext)
{
    PIRP taken = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    while (!IsListEmpty(&Ext->Queue)) {
        PIRP irp = CONTAINING_RECORD(RemoveHeadList(&Ext->Queue), IRP, Tail.Overlay.ListEntry);

        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            taken = irp;
            break;
        }
#ifdef FIXED
        InitializeListHead(&irp->Tail.Overlay.ListEntry);
#endif
        /* BUG: QueueCancel waits for the lock, and will unlink the entry again */
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return taken;
}

NTSTATUS QueueWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIRP reader = QueueTake(DeviceObject->DeviceExtension);

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
    DriverObject->MajorFunction[IRP_MJ_READ] = QueueRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = QueueWrite;
    return STATUS_SUCCESS;
}
