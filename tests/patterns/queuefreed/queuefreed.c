/* wdmfuzz-sample: queuefreed
 * kind: seeded
 * pattern: queue freed
 * class: S
 * rule: CsqAfterFree, heap-use-after-free
 * function: SessionCleanup
 * line: any
 * calls: 3
 * preemptions: 0
 * Each handle has a session with a cancel-safe queue in which its reads wait. Cleanup frees the session and leaves the
 * reads in the queue to their cancel routine, which is the library's and looks at the queue.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _SESSION {
    IO_CSQ Csq;
    KSPIN_LOCK Lock; /* guards Reads */
    LIST_ENTRY Reads;
} SESSION, *PSESSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH SessionCreate, SessionRead, SessionCleanup, SessionClose;

static VOID SessionInsert(PIO_CSQ Csq, PIRP Irp)
{
    InsertTailList(&CONTAINING_RECORD(Csq, SESSION, Csq)->Reads, &Irp->Tail.Overlay.ListEntry);
}

static VOID SessionRemove(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

static PIRP SessionPeek(PIO_CSQ Csq, PIRP Irp, PVOID Context)
{
    PSESSION session = CONTAINING_RECORD(Csq, SESSION, Csq);
    PLIST_ENTRY next = Irp != NULL ? Irp->Tail.Overlay.ListEntry.Flink : session->Reads.Flink;

    UNREFERENCED_PARAMETER(Context);
    return next == &session->Reads ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID SessionLock(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(Csq, SESSION, Csq)->Lock, Irql);
}

static VOID SessionUnlock(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(Csq, SESSION, Csq)->Lock, Irql);
}

static VOID SessionCompleteCanceled(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    Complete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS SessionCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSESSION session = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(SESSION), 'sseS');

    UNREFERENCED_PARAMETER(DeviceObject);
    if (session == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    KeInitializeSpinLock(&session->Lock);
    InitializeListHead(&session->Reads);
    IoCsqInitialize(&session->Csq, SessionInsert, SessionRemove, SessionPeek, SessionLock, SessionUnlock,
                    SessionCompleteCanceled);
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = session;
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS SessionRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSESSION session = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoCsqInsertIrp(&session->Csq, Irp, NULL);
    return STATUS_PENDING;
}

NTSTATUS SessionCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSESSION session = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;

    UNREFERENCED_PARAMETER(DeviceObject);
#ifdef FIXED
    PIRP read;

    while ((read = IoCsqRemoveNextIrp(&session->Csq, NULL)) != NULL) {
        Complete(read, STATUS_CANCELLED, 0);
    }
#else
    /* BUG: the queue goes with its reads in it */
    ExFreePoolWithTag(session, 'sseS');
#endif
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS SessionClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
#ifdef FIXED
    ExFreePoolWithTag(IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext, 'sseS');
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
    DriverObject->MajorFunction[IRP_MJ_CREATE] = SessionCreate;
    DriverObject->MajorFunction[IRP_MJ_READ] = SessionRead;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = SessionCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SessionClose;
    return STATUS_SUCCESS;
}
