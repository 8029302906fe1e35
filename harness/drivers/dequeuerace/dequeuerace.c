/* wdmfuzz-sample: dequeuerace
 * kind: seeded
 * pattern: C09
 * class: P1
 * rule: DoubleCompletion, heap-use-after-free
 * function: BellCancel, BellRing
 * line: any
 * calls: 4
 * preemptions: 1
 * A bell. A read pends until somebody rings with a write. BellRing takes the oldest read off the queue and clears its
 * cancel routine, but ignores that IoSetCancelRoutine returns NULL when the cancel routine has been called already.
 * A cancel that has started and waits for the queue's lock then completes the IRP that BellRing completes as well.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD BellUnload;
DRIVER_DISPATCH BellCreateClose, BellRead, BellWrite, BellCleanup;
DRIVER_CANCEL BellCancel;

static UNICODE_STRING BellDeviceName = RTL_CONSTANT_STRING(L"\\Device\\DequeueRace");
static UNICODE_STRING BellLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\DequeueRace");

static NTSTATUS BellComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID BellCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry); /* of the queue, or of itself: see BellRing */
    KeReleaseSpinLock(&ext->Lock, irql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static NTSTATUS BellPend(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    IoMarkIrpPending(Irp);
    InsertTailList(&Ext->Queue, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, BellCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&Ext->Lock, irql);
        BellComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_PENDING;
}

NTSTATUS BellRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return BellPend(DeviceObject->DeviceExtension, Irp);
}

/* Completes the oldest read (of File, unless NULL). FALSE when there is none. */
static BOOLEAN BellRing(PDEVICE_EXTENSION Ext, PFILE_OBJECT File, NTSTATUS Status)
{
    PLIST_ENTRY entry, next;
    PIRP taken = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    for (entry = Ext->Queue.Flink; entry != &Ext->Queue && taken == NULL; entry = next) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        next = entry->Flink;
        if (File != NULL && IoGetCurrentIrpStackLocation(irp)->FileObject != File) {
            continue;
        }
        RemoveEntryList(entry);
        InitializeListHead(entry); /* BellCancel may still want to unlink it */
#ifdef FIXED
        if (IoSetCancelRoutine(irp, NULL) == NULL) {
            continue; /* left to BellCancel */
        }
#else
        IoSetCancelRoutine(irp, NULL); /* BUG: NULL means that BellCancel owns the IRP */
#endif
        taken = irp;
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

NTSTATUS BellWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    BellRing(DeviceObject->DeviceExtension, NULL, STATUS_SUCCESS);
    return BellComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS BellCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    while (BellRing(DeviceObject->DeviceExtension, file, STATUS_CANCELLED)) {
        continue;
    }
    return BellComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS BellCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return BellComplete(Irp, STATUS_SUCCESS, 0);
}

VOID BellUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&BellLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &BellDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Queue);
    status = IoCreateSymbolicLink(&BellLinkName, &BellDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = BellCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = BellCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = BellCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = BellRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = BellWrite;
    DriverObject->DriverUnload = BellUnload;
    return STATUS_SUCCESS;
}
