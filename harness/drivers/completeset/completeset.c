/* wdmfuzz-sample: completeset
 * kind: seeded
 * pattern: C11
 * class: S
 * rule: CancelRoutineStillSet
 * function: PagerNotify
 * line: 105
 * calls: 3
 * preemptions: 0
 * A pager. A read pends until a write notifies it. PagerNotify takes the read off the queue and completes it, but
 * leaves its cancel routine set: the I/O manager stops on such an IRP, since a cancel could still call the routine
 * for an IRP that is gone.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD PagerUnload;
DRIVER_DISPATCH PagerCreateClose, PagerRead, PagerWrite, PagerCleanup;
DRIVER_CANCEL PagerCancel;

static UNICODE_STRING PagerDeviceName = RTL_CONSTANT_STRING(L"\\Device\\CompleteSet");
static UNICODE_STRING PagerLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\CompleteSet");

static NTSTATUS PagerComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID PagerCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    PagerComplete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS PagerPend(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    IoMarkIrpPending(Irp);
    InsertTailList(&Ext->Queue, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, PagerCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&Ext->Lock, irql);
        PagerComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_PENDING;
}

NTSTATUS PagerRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return PagerPend(DeviceObject->DeviceExtension, Irp);
}

/* Completes the oldest read (of File, unless NULL). FALSE when there is none. */
static BOOLEAN PagerNotify(PDEVICE_EXTENSION Ext, PFILE_OBJECT File, NTSTATUS Status)
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
#ifdef FIXED
        if (IoSetCancelRoutine(irp, NULL) == NULL) {
            continue; /* PagerCancel is on its way for this one, and takes it off the queue */
        }
#else
        /* BUG: the cancel routine stays set */
#endif
        RemoveEntryList(entry);
        taken = irp;
        break;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);

    if (taken == NULL) {
        return FALSE;
    }
    taken->IoStatus.Status = Status;
    taken->IoStatus.Information = 0;
    IoCompleteRequest(taken, IO_NO_INCREMENT);
    return TRUE;
}

NTSTATUS PagerWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PagerNotify(DeviceObject->DeviceExtension, NULL, STATUS_SUCCESS);
    return PagerComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS PagerCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    while (PagerNotify(DeviceObject->DeviceExtension, file, STATUS_CANCELLED)) {
        continue;
    }
    return PagerComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS PagerCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return PagerComplete(Irp, STATUS_SUCCESS, 0);
}

VOID PagerUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&PagerLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &PagerDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Queue);
    status = IoCreateSymbolicLink(&PagerLinkName, &PagerDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = PagerCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = PagerCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = PagerCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = PagerRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = PagerWrite;
    DriverObject->DriverUnload = PagerUnload;
    return STATUS_SUCCESS;
}
