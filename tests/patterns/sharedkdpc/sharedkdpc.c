/* wdmfuzz-sample: sharedkdpc
 * kind: seeded
 * pattern: E05
 * class: D
 * rule: IrpNeverCompleted
 * function: MixWrite
 * line: any
 * calls: 3
 * preemptions: 1
 * One DPC object for two purposes: a timer's tick, which only counts, and the end of writes, which an argument asks
 * for. When the tick is queued already, the write's KeInsertQueueDpc does nothing, and nobody ends the write.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define PERIOD_100NS (-10000LL) /* 1 ms from now */

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Writes and Ticks */
    LIST_ENTRY Writes;
    ULONG Ticks;
    KTIMER Timer;
    KDPC Dpc;
    KDPC EndDpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD MixUnload;
DRIVER_DISPATCH MixRead, MixWrite;
KDEFERRED_ROUTINE MixDpc;

/* SystemArgument1 is the device extension when writes are to be ended; a timer gives something else. */
VOID MixDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;
    LIST_ENTRY done;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument2);
    InitializeListHead(&done);
    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    if (SystemArgument1 != ext) {
        ext->Ticks++;
    } else {
        while (!IsListEmpty(&ext->Writes)) {
            InsertTailList(&done, RemoveHeadList(&ext->Writes));
        }
    }
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
    while (!IsListEmpty(&done)) {
        Complete(CONTAINING_RECORD(RemoveHeadList(&done), IRP, Tail.Overlay.ListEntry), STATUS_SUCCESS, 0);
    }
}

/* Starts the timer. */
NTSTATUS MixRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    LARGE_INTEGER due;

    due.QuadPart = PERIOD_100NS;
    KeSetTimer(&ext->Timer, due, &ext->Dpc);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS MixWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    IoMarkIrpPending(Irp);
    InsertTailList(&ext->Writes, &Irp->Tail.Overlay.ListEntry);
#ifdef FIXED
    KeInsertQueueDpc(&ext->EndDpc, ext, NULL);
#else
    KeInsertQueueDpc(&ext->Dpc, ext, NULL); /* BUG: the timer may have queued it, without the argument */
#endif
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
}

VOID MixUnload(PDRIVER_OBJECT DriverObject)
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
    InitializeListHead(&ext->Writes);
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, MixDpc, ext);
    KeInitializeDpc(&ext->EndDpc, MixDpc, ext);
    DriverObject->MajorFunction[IRP_MJ_READ] = MixRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = MixWrite;
    DriverObject->DriverUnload = MixUnload;
    return STATUS_SUCCESS;
}
