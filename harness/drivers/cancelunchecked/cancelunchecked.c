/* wdmfuzz-sample: cancelunchecked
 * kind: seeded
 * pattern: C07
 * class: S+C
 * rule: IrpCancelField
 * function: DoorRead
 * line: 58
 * calls: 2
 * preemptions: 0
 * A doorbell. A read pends until a write rings. DoorRead queues the IRP and sets its cancel routine, but does not look
 * at Irp->Cancel after that. When the IRP was cancelled just before, IoCancelIrp found no cancel routine to call and
 * will not come again: the read waits for a ring that its owner no longer wants, and its thread cannot exit.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD DoorUnload;
DRIVER_DISPATCH DoorCreateClose, DoorRead, DoorWrite, DoorCleanup;
DRIVER_CANCEL DoorCancel;

static UNICODE_STRING DoorDeviceName = RTL_CONSTANT_STRING(L"\\Device\\CancelUnchecked");
static UNICODE_STRING DoorLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\CancelUnchecked");

static NTSTATUS DoorComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID DoorCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    DoorComplete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS DoorRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    IoMarkIrpPending(Irp);
    InsertTailList(&ext->Queue, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, DoorCancel);
#ifdef FIXED
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&ext->Lock, irql);
        DoorComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
#else
    /* BUG: Irp->Cancel may be set already */
#endif
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
}

/* Takes the oldest IRP (of File, unless NULL) off the queue; NULL when there is none. */
static PIRP DoorTake(PDEVICE_EXTENSION Ext, PFILE_OBJECT File)
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
        /* DoorCancel is on its way for this one, and takes it off the queue. */
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return taken;
}

NTSTATUS DoorWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIRP reader = DoorTake(DeviceObject->DeviceExtension, NULL);

    if (reader != NULL) {
        DoorComplete(reader, STATUS_SUCCESS, 0);
    }
    return DoorComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS DoorCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP pending;

    while ((pending = DoorTake(DeviceObject->DeviceExtension, file)) != NULL) {
        DoorComplete(pending, STATUS_CANCELLED, 0);
    }
    return DoorComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS DoorCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return DoorComplete(Irp, STATUS_SUCCESS, 0);
}

VOID DoorUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&DoorLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DoorDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Queue);
    status = IoCreateSymbolicLink(&DoorLinkName, &DoorDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DoorCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DoorCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DoorCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = DoorRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = DoorWrite;
    DriverObject->DriverUnload = DoorUnload;
    return STATUS_SUCCESS;
}
