/* wdmfuzz-sample: sharedirql
 * kind: seeded
 * pattern: A11
 * class: P2
 * rule: IrqlKeRaiseLower, IrqlContract, IrqlReturn, IrqlKeReleaseSpinLock
 * function: any
 * line: any
 * calls: 3
 * preemptions: 2
 * A counter that a timer's DPC advances and a read asks for. The lock's home-made routines keep the old IRQL beside
 * the lock, and write it before they own the lock: who waits overwrites what the owner is to go back to.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define PERIOD_100NS (-10000LL) /* 1 ms from now */

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Count */
    KIRQL OldIrql;
    ULONG Count;
    KTIMER Timer;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD CountUnload;
DRIVER_DISPATCH CountRead, CountWrite;
KDEFERRED_ROUTINE CountDpc;

static VOID CountLock(PDEVICE_EXTENSION Ext)
{
#ifdef FIXED
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->OldIrql = irql;
#else
    KeRaiseIrql(DISPATCH_LEVEL, &Ext->OldIrql); /* BUG: the lock is not owned yet */
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock);
#endif
}

static VOID CountUnlock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = Ext->OldIrql;

    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    KeLowerIrql(irql);
}

VOID CountDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    CountLock(ext);
    ext->Count++;
    CountUnlock(ext);
}

NTSTATUS CountWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    LARGE_INTEGER due;

    due.QuadPart = PERIOD_100NS;
    KeSetTimer(&ext->Timer, due, &ext->Dpc);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS CountRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG count;

    CountLock(ext);
    count = ext->Count;
    CountUnlock(ext);
    return Complete(Irp, count ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY, 0);
}

VOID CountUnload(PDRIVER_OBJECT DriverObject)
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
    KeInitializeDpc(&ext->Dpc, CountDpc, ext);
    DriverObject->MajorFunction[IRP_MJ_READ] = CountRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = CountWrite;
    DriverObject->DriverUnload = CountUnload;
    return STATUS_SUCCESS;
}
