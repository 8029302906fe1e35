/* wdmfuzz-sample: freelocked
 * kind: seeded
 * pattern: A15
 * class: S
 * rule: LockFreedWhileHeld, heap-use-after-free
 * function: SessionClose
 * line: any
 * calls: 1
 * preemptions: 0
 * Each handle has a session with a lock of its own. Close empties the session under its lock, and frees the session
 * before it releases the lock.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define SESSION_TAG 'sseS'

typedef struct _SESSION {
    KSPIN_LOCK Lock; /* guards Bytes */
    ULONG Bytes;
} SESSION, *PSESSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH SessionCreate, SessionWrite, SessionClose;

NTSTATUS SessionCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSESSION session = ExAllocatePoolWithTag(NonPagedPool, sizeof(SESSION), SESSION_TAG);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (session == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    KeInitializeSpinLock(&session->Lock);
    session->Bytes = 0;
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = session;
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS SessionWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PSESSION session = stack->FileObject->FsContext;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireSpinLock(&session->Lock, &irql);
    session->Bytes += stack->Parameters.Write.Length;
    KeReleaseSpinLock(&session->Lock, irql);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS SessionClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PSESSION session = file->FsContext;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireSpinLock(&session->Lock, &irql);
    session->Bytes = 0;
    file->FsContext = NULL;
#ifdef FIXED
    KeReleaseSpinLock(&session->Lock, irql);
    ExFreePoolWithTag(session, SESSION_TAG);
#else
    ExFreePoolWithTag(session, SESSION_TAG); /* BUG: its lock is held */
    KeReleaseSpinLock(&session->Lock, irql);
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
    DriverObject->MajorFunction[IRP_MJ_WRITE] = SessionWrite;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SessionClose;
    return STATUS_SUCCESS;
}
