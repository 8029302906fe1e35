/* wdmfuzz-sample: dpcirql
 * kind: seeded
 * pattern: A09
 * class: D
 * rule: IrqlKeReleaseSpinLock
 * function: DelayDpc
 * line: 95
 * calls: 2
 * preemptions: 1
 * A delay. IOCTL_DELAY pends the IRP and arms a timer, whose DPC completes everything that waits. The DPC takes the
 * queue's lock with the AtDpcLevel form, but gives it back with KeReleaseSpinLock and the IRQL that the IRP was
 * cancelled at. That IRP was never cancelled: the processor drops to PASSIVE_LEVEL in the middle of a DPC.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define IOCTL_DELAY CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define DELAY_100NS (-5 * 10000LL) /* 5 ms from now */

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
    KTIMER Timer;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD DelayUnload;
DRIVER_DISPATCH DelayCreateClose, DelayControl, DelayCleanup;
DRIVER_CANCEL DelayCancel;
KDEFERRED_ROUTINE DelayDpc;

static UNICODE_STRING DelayDeviceName = RTL_CONSTANT_STRING(L"\\Device\\DpcIrql");
static UNICODE_STRING DelayLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\DpcIrql");

static NTSTATUS DelayComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID DelayCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    DelayComplete(Irp, STATUS_CANCELLED, 0);
}

/* The oldest request (of File, unless NULL), off the queue; NULL when there is none. Requires: Lock. */
static PIRP DelayTake(PDEVICE_EXTENSION Ext, PFILE_OBJECT File)
{
    PLIST_ENTRY entry;

    for (entry = Ext->Queue.Flink; entry != &Ext->Queue; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (File != NULL && IoGetCurrentIrpStackLocation(irp)->FileObject != File) {
            continue;
        }
        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            RemoveEntryList(entry);
            return irp;
        }
        /* DelayCancel is on its way for this one, and takes it off the queue. */
    }
    return NULL;
}

VOID DelayDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;
    PIRP irp;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    for (;;) {
        KeAcquireSpinLockAtDpcLevel(&ext->Lock);
        irp = DelayTake(ext, NULL);
        if (irp == NULL) {
            KeReleaseSpinLockFromDpcLevel(&ext->Lock);
            return;
        }
#ifdef FIXED
        KeReleaseSpinLockFromDpcLevel(&ext->Lock);
#else
        KeReleaseSpinLock(&ext->Lock, irp->CancelIrql); /* BUG: not the IRQL before the acquire */
#endif
        DelayComplete(irp, STATUS_SUCCESS, 0);
    }
}

static NTSTATUS DelayStart(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    LARGE_INTEGER due;
    KIRQL irql;

    due.QuadPart = DELAY_100NS;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, DelayCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&Ext->Lock, irql);
        DelayComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    InsertTailList(&Ext->Queue, &Irp->Tail.Overlay.ListEntry);
    KeSetTimer(&Ext->Timer, due, &Ext->Dpc);
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_PENDING;
}

NTSTATUS DelayControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode != IOCTL_DELAY) {
        return DelayComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    return DelayStart(DeviceObject->DeviceExtension, Irp);
}

NTSTATUS DelayCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP pending;
    KIRQL irql;

    do {
        KeAcquireSpinLock(&ext->Lock, &irql);
        pending = DelayTake(ext, file);
        KeReleaseSpinLock(&ext->Lock, irql);
        if (pending != NULL) {
            DelayComplete(pending, STATUS_CANCELLED, 0);
        }
    } while (pending != NULL);
    return DelayComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS DelayCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return DelayComplete(Irp, STATUS_SUCCESS, 0);
}

VOID DelayUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    KeCancelTimer(&ext->Timer);
    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&DelayLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DelayDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Queue);
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, DelayDpc, ext);
    status = IoCreateSymbolicLink(&DelayLinkName, &DelayDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DelayCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DelayCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DelayCleanup;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DelayControl;
    DriverObject->DriverUnload = DelayUnload;
    return STATUS_SUCCESS;
}
