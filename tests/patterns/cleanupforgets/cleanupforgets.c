/* wdmfuzz-sample: cleanupforgets
 * kind: seeded
 * pattern: C21
 * class: S+C
 * rule: heap-use-after-free
 * function: WaitCancel
 * line: any
 * calls: 3
 * preemptions: 0
 * A read waits in the queue of its handle's context until a write on the same handle. Cleanup frees the context and
 * forgets the reads that are queued there; when they are cancelled, the cancel routine uses the context.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define WAIT_TAG 'tiaW'

typedef struct _WAITERS {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
} WAITERS, *PWAITERS;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH WaitCreate, WaitRead, WaitWrite, WaitCleanup, WaitClose;
DRIVER_CANCEL WaitCancel;

VOID WaitCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PWAITERS waiters = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&waiters->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&waiters->Lock, irql);
    Complete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS WaitCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PWAITERS waiters = ExAllocatePoolWithTag(NonPagedPool, sizeof(WAITERS), WAIT_TAG);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (waiters == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    KeInitializeSpinLock(&waiters->Lock);
    InitializeListHead(&waiters->Queue);
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = waiters;
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS WaitRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PWAITERS waiters = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireSpinLock(&waiters->Lock, &irql);
    IoSetCancelRoutine(Irp, WaitCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&waiters->Lock, irql);
        return Complete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    InsertTailList(&waiters->Queue, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&waiters->Lock, irql);
    return STATUS_PENDING;
}

/* Completes all waiters that are not being cancelled. */
static VOID WaitEnd(PWAITERS Waiters, NTSTATUS Status)
{
    LIST_ENTRY done;
    PLIST_ENTRY entry, next;
    KIRQL irql;

    InitializeListHead(&done);
    KeAcquireSpinLock(&Waiters->Lock, &irql);
    for (entry = Waiters->Queue.Flink; entry != &Waiters->Queue; entry = next) {
        next = entry->Flink;
        if (IoSetCancelRoutine(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), NULL) != NULL) {
            RemoveEntryList(entry);
            InsertTailList(&done, entry);
        }
    }
    KeReleaseSpinLock(&Waiters->Lock, irql);
    while (!IsListEmpty(&done)) {
        Complete(CONTAINING_RECORD(RemoveHeadList(&done), IRP, Tail.Overlay.ListEntry), Status, 0);
    }
}

NTSTATUS WaitWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    WaitEnd(IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext, STATUS_SUCCESS);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS WaitCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PWAITERS waiters = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;

    UNREFERENCED_PARAMETER(DeviceObject);
#ifdef FIXED
    WaitEnd(waiters, STATUS_CANCELLED);
#else
    ExFreePoolWithTag(waiters, WAIT_TAG); /* BUG: reads of this handle may be queued in it */
#endif
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS WaitClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
#ifdef FIXED
    ExFreePoolWithTag(IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext, WAIT_TAG);
#endif
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = CreatePatternDevice(DriverObject, 0, &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = WaitCreate;
    DriverObject->MajorFunction[IRP_MJ_READ] = WaitRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = WaitWrite;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = WaitCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = WaitClose;
    return STATUS_SUCCESS;
}
