/* wdmfuzz-sample: latereference
 * kind: seeded
 * pattern: E13
 * class: P1
 * rule: heap-use-after-free
 * function: SharedGet, SharedPut
 * line: any
 * calls: 4
 * preemptions: 1
 * A write opens the shared session, the next one closes it. A read uses the session: it sees that there is one and
 * takes a reference to it then, when the session may be closed and gone.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define SHARED_TAG 'rahS'

typedef struct _SESSION {
    volatile LONG References; /* interlocked; the device has one while the session is open */
    volatile LONG Reads;      /* interlocked */
} SESSION, *PSESSION;

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Session */
    PSESSION Session;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SharedUnload;
DRIVER_DISPATCH SharedRead, SharedWrite;

/* The session, with a reference; NULL when it is closed. */
static PSESSION SharedGet(PDEVICE_EXTENSION Ext)
{
    PSESSION session;
#ifdef FIXED
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    session = Ext->Session;
    if (session != NULL) {
        InterlockedIncrement(&session->References);
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
#else
    session = Ext->Session;
    if (session != NULL) {
        InterlockedIncrement(&session->References); /* BUG: it may have been freed */
    }
#endif
    return session;
}

static VOID SharedPut(PSESSION Session)
{
    if (InterlockedDecrement(&Session->References) == 0) {
        ExFreePoolWithTag(Session, SHARED_TAG);
    }
}

NTSTATUS SharedRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSESSION session = SharedGet(DeviceObject->DeviceExtension);

    if (session == NULL) {
        return Complete(Irp, STATUS_DEVICE_NOT_READY, 0);
    }
    InterlockedIncrement(&session->Reads);
    SharedPut(session);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

/* Puts `session` where the old one was, which it returns. */
static PSESSION SharedExchange(PDEVICE_EXTENSION Ext, PSESSION Session)
{
    PSESSION old;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    old = Ext->Session;
    Ext->Session = old == NULL ? Session : NULL;
    KeReleaseSpinLock(&Ext->Lock, irql);
    return old;
}

NTSTATUS SharedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSESSION session = ExAllocatePoolWithTag(NonPagedPool, sizeof(SESSION), SHARED_TAG), old;

    if (session == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    session->References = 1;
    session->Reads = 0;
    old = SharedExchange(DeviceObject->DeviceExtension, session);
    if (old != NULL) {
        ExFreePoolWithTag(session, SHARED_TAG);
        SharedPut(old);
    }
    return Complete(Irp, STATUS_SUCCESS, 0);
}

VOID SharedUnload(PDRIVER_OBJECT DriverObject)
{
    PSESSION old = SharedExchange(DriverObject->DeviceObject->DeviceExtension, NULL);

    if (old != NULL) {
        SharedPut(old);
    }
    DeletePatternDevice(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    DriverObject->MajorFunction[IRP_MJ_READ] = SharedRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = SharedWrite;
    DriverObject->DriverUnload = SharedUnload;
    return STATUS_SUCCESS;
}
