/* wdmfuzz-sample: removelocklate
 * kind: seeded
 * pattern: E09
 * class: P1
 * rule: heap-use-after-free
 * function: GaugeDpc, GaugeUnload
 * line: any
 * calls: 2
 * preemptions: 1
 * A write starts a timer, under a remove lock. Its DPC releases the remove lock and counts itself then; unload, which
 * waits for the remove lock only, can have freed the counter.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define GAUGE_TAG 'guaG'
#define DELAY_100NS (-10000LL) /* 1 ms from now */

typedef struct _GAUGE {
    ULONG Expired;
} GAUGE, *PGAUGE;

typedef struct _DEVICE_EXTENSION {
    IO_REMOVE_LOCK RemoveLock; /* acquired while the timer is set */
    PGAUGE Gauge;              /* goes when nobody has the remove lock any more */
    volatile LONG Set;         /* interlocked: the timer is set, or its DPC queued */
    KTIMER Timer;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD GaugeUnload;
DRIVER_DISPATCH GaugeWrite;
KDEFERRED_ROUTINE GaugeDpc;

VOID GaugeDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    InterlockedExchange(&ext->Set, 0);
#ifdef FIXED
    ext->Gauge->Expired++;
    IoReleaseRemoveLock(&ext->RemoveLock, &ext->Timer);
#else
    IoReleaseRemoveLock(&ext->RemoveLock, &ext->Timer);
    ext->Gauge->Expired++; /* BUG: GaugeUnload waits no longer */
#endif
}

NTSTATUS GaugeWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    LARGE_INTEGER due;
    NTSTATUS status = IoAcquireRemoveLock(&ext->RemoveLock, &ext->Timer);

    if (!NT_SUCCESS(status)) {
        return Complete(Irp, status, 0);
    }
    if (InterlockedExchange(&ext->Set, 1)) {
        IoReleaseRemoveLock(&ext->RemoveLock, &ext->Timer);
        return Complete(Irp, STATUS_DEVICE_BUSY, 0);
    }
    due.QuadPart = DELAY_100NS;
    KeSetTimer(&ext->Timer, due, &ext->Dpc);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

VOID GaugeUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    IoAcquireRemoveLock(&ext->RemoveLock, DriverObject);
    IoReleaseRemoveLockAndWait(&ext->RemoveLock, DriverObject);
    ExFreePoolWithTag(ext->Gauge, GAUGE_TAG);
    KeFlushQueuedDpcs();
    DeletePatternDevice(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    PGAUGE gauge = ExAllocatePoolWithTag(NonPagedPool, sizeof(GAUGE), GAUGE_TAG);
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    if (gauge == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(gauge, GAUGE_TAG);
        return status;
    }
    gauge->Expired = 0;
    ext = device->DeviceExtension;
    ext->Gauge = gauge;
    IoInitializeRemoveLock(&ext->RemoveLock, GAUGE_TAG, 0, 0);
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, GaugeDpc, ext);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = GaugeWrite;
    DriverObject->DriverUnload = GaugeUnload;
    return STATUS_SUCCESS;
}
