/* wdmfuzz-sample: lockinversion
 * kind: seeded
 * pattern: C15
 * class: S
 * rule: LockOrder, Deadlock
 * function: ParkRead, ParkCancel
 * line: any
 * calls: 2
 * preemptions: 0
 * A parking lot: a read parks until it is cancelled. ParkRead takes the cancel spin lock inside the lot's lock; the
 * cancel routine, which is called with the cancel spin lock held, takes the lot's lock inside that.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Parked and Count */
    LIST_ENTRY Parked;
    ULONG Count;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH ParkRead;
DRIVER_CANCEL ParkCancel;

VOID ParkCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
#ifdef FIXED
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    ext->Count--;
    KeReleaseSpinLock(&ext->Lock, irql);
#else
    KeAcquireSpinLockAtDpcLevel(&ext->Lock); /* BUG: ParkRead takes the cancel spin lock inside this one */
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    ext->Count--;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
#endif
    Complete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS ParkRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql, cancel_irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    IoAcquireCancelSpinLock(&cancel_irql);
    if (Irp->Cancel) {
        IoReleaseCancelSpinLock(cancel_irql);
        KeReleaseSpinLock(&ext->Lock, irql);
        return Complete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    InsertTailList(&ext->Parked, &Irp->Tail.Overlay.ListEntry);
    ext->Count++;
    IoSetCancelRoutine(Irp, ParkCancel);
    IoReleaseCancelSpinLock(cancel_irql);
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
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
    InitializeListHead(&ext->Parked);
    DriverObject->MajorFunction[IRP_MJ_READ] = ParkRead;
    return STATUS_SUCCESS;
}
