/* wdmfuzz-sample: latepending
 * kind: seeded
 * pattern: D01
 * class: S
 * rule: MarkingQueuedIrps
 * function: PostRead
 * line: 67
 * calls: 2
 * preemptions: 0
 * A post office. A read pends until a write comes. PostRead queues the IRP under the lock, and marks it pending when
 * it has released the lock. In between a write on another processor, or a cancel, can complete the IRP: it is gone,
 * and PostRead writes into memory that belongs to somebody else.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD PostUnload;
DRIVER_DISPATCH PostCreateClose, PostRead, PostWrite, PostCleanup;
DRIVER_CANCEL PostCancel;

static UNICODE_STRING PostDeviceName = RTL_CONSTANT_STRING(L"\\Device\\LatePending");
static UNICODE_STRING PostLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\LatePending");

static NTSTATUS PostComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID PostCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    PostComplete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS PostRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    IoSetCancelRoutine(Irp, PostCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&ext->Lock, irql);
        return PostComplete(Irp, STATUS_CANCELLED, 0);
    }
    InsertTailList(&ext->Queue, &Irp->Tail.Overlay.ListEntry);
#ifdef FIXED
    IoMarkIrpPending(Irp);
    KeReleaseSpinLock(&ext->Lock, irql);
#else
    KeReleaseSpinLock(&ext->Lock, irql);
    IoMarkIrpPending(Irp); /* BUG: it may be completed already */
#endif
    return STATUS_PENDING;
}

/* Takes the oldest IRP (of File, unless NULL) off the queue; NULL when there is none. */
static PIRP PostTake(PDEVICE_EXTENSION Ext, PFILE_OBJECT File)
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
        /* PostCancel is on its way for this one, and takes it off the queue. */
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return taken;
}

NTSTATUS PostWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIRP reader = PostTake(DeviceObject->DeviceExtension, NULL);

    if (reader != NULL) {
        PostComplete(reader, STATUS_SUCCESS, 0);
    }
    return PostComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS PostCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP pending;

    while ((pending = PostTake(DeviceObject->DeviceExtension, file)) != NULL) {
        PostComplete(pending, STATUS_CANCELLED, 0);
    }
    return PostComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS PostCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return PostComplete(Irp, STATUS_SUCCESS, 0);
}

VOID PostUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&PostLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &PostDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Queue);
    status = IoCreateSymbolicLink(&PostLinkName, &PostDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = PostCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = PostCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = PostCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = PostRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = PostWrite;
    DriverObject->DriverUnload = PostUnload;
    return STATUS_SUCCESS;
}
