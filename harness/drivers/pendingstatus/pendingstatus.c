/* wdmfuzz-sample: pendingstatus
 * kind: seeded
 * pattern: D03
 * class: S
 * rule: MarkIrpPending
 * function: ParkRead
 * line: 57
 * calls: 3
 * preemptions: 0
 * A parking lot with one place. A read parks there until a write lets it go; while the place is taken, further reads
 * are turned away with STATUS_DEVICE_BUSY. ParkRead marks the IRP pending before it knows whether there is room, and
 * then completes and returns another status: the I/O manager finishes such an IRP twice, once for each.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;  /* guards Queue */
    LIST_ENTRY Queue; /* one IRP at most */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ParkUnload;
DRIVER_DISPATCH ParkCreateClose, ParkRead, ParkWrite, ParkCleanup;
DRIVER_CANCEL ParkCancel;

static UNICODE_STRING ParkDeviceName = RTL_CONSTANT_STRING(L"\\Device\\PendingStatus");
static UNICODE_STRING ParkLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\PendingStatus");

static NTSTATUS ParkComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID ParkCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    ParkComplete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS ParkRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
#ifndef FIXED
    IoMarkIrpPending(Irp); /* BUG: the return below says otherwise */
#endif
    if (!IsListEmpty(&ext->Queue)) {
        KeReleaseSpinLock(&ext->Lock, irql);
        return ParkComplete(Irp, STATUS_DEVICE_BUSY, 0);
    }
#ifdef FIXED
    IoMarkIrpPending(Irp);
#endif
    InsertTailList(&ext->Queue, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, ParkCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&ext->Lock, irql);
        ParkComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
}

/* Takes the oldest IRP (of File, unless NULL) off the queue; NULL when there is none. */
static PIRP ParkTake(PDEVICE_EXTENSION Ext, PFILE_OBJECT File)
{
    PLIST_ENTRY entry;
    PIRP taken = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    for (entry = Ext->Queue.Flink; entry != &Ext->Queue; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (File != NULL && IoGetCurrentIrpStackLocation(irp)->FileObject != File) {
            continue;
        }
        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            RemoveEntryList(entry);
            taken = irp;
            break;
        }
        /* ParkCancel is on its way for this one, and takes it off the queue. */
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return taken;
}

NTSTATUS ParkWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIRP parked = ParkTake(DeviceObject->DeviceExtension, NULL);

    if (parked != NULL) {
        ParkComplete(parked, STATUS_SUCCESS, 0);
    }
    return ParkComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS ParkCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP pending;

    while ((pending = ParkTake(DeviceObject->DeviceExtension, file)) != NULL) {
        ParkComplete(pending, STATUS_CANCELLED, 0);
    }
    return ParkComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS ParkCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ParkComplete(Irp, STATUS_SUCCESS, 0);
}

VOID ParkUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&ParkLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &ParkDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Queue);
    status = IoCreateSymbolicLink(&ParkLinkName, &ParkDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = ParkCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ParkCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = ParkCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = ParkRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = ParkWrite;
    DriverObject->DriverUnload = ParkUnload;
    return STATUS_SUCCESS;
}
