/* wdmfuzz-sample: completepending
 * kind: seeded
 * pattern: D07
 * class: S
 * rule: CompleteRequestStatusCheck
 * function: EchoDpc
 * line: any
 * calls: 2
 * preemptions: 0
 * A write is completed by a DPC. Its status is set to STATUS_PENDING when it is queued, and nobody sets the final
 * one.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD EchoUnload;
DRIVER_DISPATCH EchoWrite;
KDEFERRED_ROUTINE EchoDpc;

VOID EchoDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;
    PLIST_ENTRY entry;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    while ((entry = ExInterlockedRemoveHeadList(&ext->Queue, &ext->Lock)) != NULL) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

#ifdef FIXED
        irp->IoStatus.Status = STATUS_SUCCESS;
#endif
        IoCompleteRequest(irp, IO_NO_INCREMENT); /* BUG: with STATUS_PENDING */
    }
}

NTSTATUS EchoWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    Irp->IoStatus.Status = STATUS_PENDING;
    Irp->IoStatus.Information = 0;
    IoMarkIrpPending(Irp);
    ExInterlockedInsertTailList(&ext->Queue, &Irp->Tail.Overlay.ListEntry, &ext->Lock);
    KeInsertQueueDpc(&ext->Dpc, NULL, NULL);
    return STATUS_PENDING;
}

VOID EchoUnload(PDRIVER_OBJECT DriverObject)
{
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
    InitializeListHead(&ext->Queue);
    KeInitializeDpc(&ext->Dpc, EchoDpc, ext);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = EchoWrite;
    DriverObject->DriverUnload = EchoUnload;
    return STATUS_SUCCESS;
}
