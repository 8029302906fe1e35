/* wdmfuzz-sample: timeoutrace
 * kind: seeded
 * pattern: E03
 * class: D
 * rule: DoubleCompletion, heap-use-after-free
 * function: CallDpc, CallWrite
 * line: any
 * calls: 3
 * preemptions: 1
 * One call at a time: a read waits for an answer (write), and a timer ends it when none comes. Both look whether
 * there is a call, and both complete it when they look at the same time.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define TIMEOUT_100NS (-20 * 10000LL) /* 20 ms from now */

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Current */
    PIRP Current;
    KTIMER Timer;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD CallUnload;
DRIVER_DISPATCH CallRead, CallWrite;
KDEFERRED_ROUTINE CallDpc;

/* Completes the call, if there is one. */
static VOID CallEnd(PDEVICE_EXTENSION Ext, NTSTATUS Status)
{
    PIRP irp;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    irp = Ext->Current;
#ifdef FIXED
    Ext->Current = NULL;
#endif
    KeReleaseSpinLock(&Ext->Lock, irql);
    if (irp != NULL) {
#ifndef FIXED
        KeAcquireSpinLock(&Ext->Lock, &irql);
        Ext->Current = NULL; /* BUG: somebody else may have seen it */
        KeReleaseSpinLock(&Ext->Lock, irql);
#endif
        Complete(irp, Status, 0);
    }
}

VOID CallDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    CallEnd(DeferredContext, STATUS_TIMEOUT);
}

NTSTATUS CallRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    LARGE_INTEGER due;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    if (ext->Current != NULL) {
        KeReleaseSpinLock(&ext->Lock, irql);
        return Complete(Irp, STATUS_DEVICE_BUSY, 0);
    }
    IoMarkIrpPending(Irp);
    ext->Current = Irp;
    due.QuadPart = TIMEOUT_100NS;
    KeSetTimer(&ext->Timer, due, &ext->Dpc);
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
}

NTSTATUS CallWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    CallEnd(DeviceObject->DeviceExtension, STATUS_SUCCESS);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

VOID CallUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    KeCancelTimer(&ext->Timer);
    KeFlushQueuedDpcs();
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
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, CallDpc, ext);
    DriverObject->MajorFunction[IRP_MJ_READ] = CallRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = CallWrite;
    DriverObject->DriverUnload = CallUnload;
    return STATUS_SUCCESS;
}
