/* wdmfuzz-sample: draingate
 * kind: seeded
 * pattern: F17
 * class: P1
 * rule: heap-use-after-free
 * function: GateRead
 * line: 88
 * calls: 3
 * preemptions: 1
 * A queue of reads for each handle, in a pool block on the file object. Cleanup shuts the gate (FsContext becomes
 * NULL), drains the queue and frees it; a read that comes later finds the gate shut. GateRead looks at the gate before
 * it takes the lock. A cleanup that comes in between shuts, drains and frees, and the read then puts its IRP into a
 * queue that nobody will ever drain, in memory that is gone. Gate and queue have to be one step under one lock.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define GATE_TAG 'etaG'

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards the FsContext of every file and the queue behind it */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

typedef struct _READ_QUEUE {
    LIST_ENTRY Reads; /* oldest first */
} READ_QUEUE, *PREAD_QUEUE;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD GateUnload;
DRIVER_DISPATCH GateCreate, GateRead, GateWrite, GateCleanup, GateClose;
DRIVER_CANCEL GateCancel;

static UNICODE_STRING GateDeviceName = RTL_CONSTANT_STRING(L"\\Device\\DrainGate");
static UNICODE_STRING GateLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\DrainGate");

static NTSTATUS GateComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS GateCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PREAD_QUEUE queue = ExAllocatePoolWithTag(NonPagedPool, sizeof(READ_QUEUE), GATE_TAG);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (queue == NULL) {
        return GateComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    InitializeListHead(&queue->Reads);
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = queue;
    return GateComplete(Irp, STATUS_SUCCESS, 0);
}

VOID GateCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    GateComplete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS GateRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PREAD_QUEUE queue;
    KIRQL irql;

#ifdef FIXED
    KeAcquireSpinLock(&ext->Lock, &irql);
    queue = file->FsContext;
#else
    queue = file->FsContext; /* BUG: GateCleanup may shut the gate before the lock is taken */
    KeAcquireSpinLock(&ext->Lock, &irql);
#endif
    if (queue == NULL) {
        KeReleaseSpinLock(&ext->Lock, irql);
        return GateComplete(Irp, STATUS_FILE_CLOSED, 0);
    }
    IoMarkIrpPending(Irp);
    InsertTailList(&queue->Reads, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, GateCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&ext->Lock, irql);
        GateComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
}

/* Completes the oldest read of the same handle. */
NTSTATUS GateWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PREAD_QUEUE queue;
    PLIST_ENTRY entry;
    PIRP reader = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    queue = file->FsContext;
    for (entry = queue ? queue->Reads.Flink : NULL; queue && entry != &queue->Reads; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            RemoveEntryList(entry);
            reader = irp;
            break;
        }
        /* GateCancel is on its way for this one, and takes it off the queue. */
    }
    KeReleaseSpinLock(&ext->Lock, irql);

    if (reader != NULL) {
        GateComplete(reader, STATUS_SUCCESS, 0);
    }
    return GateComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS GateCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PREAD_QUEUE queue;
    LIST_ENTRY drained;
    PLIST_ENTRY entry;
    KIRQL irql;

    InitializeListHead(&drained);
    KeAcquireSpinLock(&ext->Lock, &irql);
    queue = file->FsContext;
    file->FsContext = NULL;
    while (!IsListEmpty(&queue->Reads)) {
        entry = RemoveHeadList(&queue->Reads);
        if (IoSetCancelRoutine(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), NULL) != NULL) {
            InsertTailList(&drained, entry);
        } else {
            InitializeListHead(entry); /* GateCancel is on its way, and unlinks it once more */
        }
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    ExFreePoolWithTag(queue, GATE_TAG);

    while (!IsListEmpty(&drained)) {
        entry = RemoveHeadList(&drained);
        GateComplete(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), STATUS_CANCELLED, 0);
    }
    return GateComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS GateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return GateComplete(Irp, STATUS_SUCCESS, 0);
}

VOID GateUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&GateLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &GateDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    status = IoCreateSymbolicLink(&GateLinkName, &GateDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = GateCreate;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = GateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = GateCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = GateRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = GateWrite;
    DriverObject->DriverUnload = GateUnload;
    return STATUS_SUCCESS;
}
