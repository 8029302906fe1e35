/* wdmfuzz-sample: cancelkeepslock
 * kind: seeded
 * pattern: C01
 * class: S+C
 * rule: CancelSpinLock
 * function: SlowCancel
 * line: any
 * calls: 2
 * preemptions: 0
 * A slow device that serves one read at a time; others wait in a queue. The system's cancel spin lock guards the queue
 * and the current read. A read that waits is cancelled at once, the current one is left to the timer that finishes it
 * anyway. In that second case SlowCancel returns early and forgets that every cancel routine has to release the cancel
 * spin lock: the next cancel in the whole system spins for ever.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define LATENCY_100NS (-3 * 10000LL) /* 3 ms from now */

typedef struct _DEVICE_EXTENSION {
    LIST_ENTRY Queue; /* cancel spin lock */
    PIRP Current;     /* cancel spin lock; the timer is set or its DPC queued while this is not NULL */
    KTIMER Timer;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SlowUnload;
DRIVER_DISPATCH SlowCreateClose, SlowRead, SlowCleanup;
DRIVER_CANCEL SlowCancel;
KDEFERRED_ROUTINE SlowDpc;

static UNICODE_STRING SlowDeviceName = RTL_CONSTANT_STRING(L"\\Device\\CancelKeepsLock");
static UNICODE_STRING SlowLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\CancelKeepsLock");

static NTSTATUS SlowComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID SlowCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    if (Irp == ext->Current) {
#ifdef FIXED
        IoReleaseCancelSpinLock(Irp->CancelIrql);
#else
        /* BUG: returns with the cancel spin lock held */
#endif
        return;
    }
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    SlowComplete(Irp, STATUS_CANCELLED, 0);
}

/* Makes Irp the current one. Requires: the cancel spin lock. */
static VOID SlowStart(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    LARGE_INTEGER due;

    due.QuadPart = LATENCY_100NS;
    Ext->Current = Irp;
    KeSetTimer(&Ext->Timer, due, &Ext->Dpc);
}

VOID SlowDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;
    PIRP irp;
    NTSTATUS status;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    IoAcquireCancelSpinLock(&irql);
    irp = ext->Current;
    IoSetCancelRoutine(irp, NULL);
    status = irp->Cancel ? STATUS_CANCELLED : STATUS_SUCCESS;
    ext->Current = NULL;
    if (!IsListEmpty(&ext->Queue)) {
        SlowStart(ext, CONTAINING_RECORD(RemoveHeadList(&ext->Queue), IRP, Tail.Overlay.ListEntry));
    }
    IoReleaseCancelSpinLock(irql);
    SlowComplete(irp, status, 0);
}

NTSTATUS SlowRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    if (Irp->Cancel) {
        IoReleaseCancelSpinLock(irql);
        return SlowComplete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, SlowCancel);
    if (ext->Current == NULL) {
        SlowStart(ext, Irp);
    } else {
        InsertTailList(&ext->Queue, &Irp->Tail.Overlay.ListEntry);
    }
    IoReleaseCancelSpinLock(irql);
    return STATUS_PENDING;
}

/* The current read of the file, if any, is finished by the timer. */
NTSTATUS SlowCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    LIST_ENTRY cancelled;
    PLIST_ENTRY entry, next;
    KIRQL irql;

    InitializeListHead(&cancelled);
    IoAcquireCancelSpinLock(&irql);
    for (entry = ext->Queue.Flink; entry != &ext->Queue; entry = next) {
        PIRP pending = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        next = entry->Flink;
        if (IoGetCurrentIrpStackLocation(pending)->FileObject == file) {
            IoSetCancelRoutine(pending, NULL);
            RemoveEntryList(entry);
            InsertTailList(&cancelled, entry);
        }
    }
    IoReleaseCancelSpinLock(irql);

    while (!IsListEmpty(&cancelled)) {
        entry = RemoveHeadList(&cancelled);
        SlowComplete(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), STATUS_CANCELLED, 0);
    }
    return SlowComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS SlowCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return SlowComplete(Irp, STATUS_SUCCESS, 0);
}

VOID SlowUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    KeCancelTimer(&ext->Timer);
    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&SlowLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &SlowDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    InitializeListHead(&ext->Queue);
    ext->Current = NULL;
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, SlowDpc, ext);
    status = IoCreateSymbolicLink(&SlowLinkName, &SlowDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = SlowCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SlowCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = SlowCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = SlowRead;
    DriverObject->DriverUnload = SlowUnload;
    return STATUS_SUCCESS;
}
