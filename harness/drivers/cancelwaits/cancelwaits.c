/* wdmfuzz-sample: cancelwaits
 * kind: seeded
 * pattern: B09
 * class: S+C
 * rule: IrqlExApcLte1
 * function: WatchCancel
 * line: 53
 * calls: 2
 * preemptions: 0
 * A watch. A read pends until a write comes; cancelled reads are counted. A fast mutex guards the count, which is fine
 * as long as only dispatch routines use it. But the cancel routine takes the mutex while it holds the queue's spin
 * lock, so at DISPATCH_LEVEL, where nobody may wait: if the mutex is not free, the processor can never go on.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define IOCTL_WATCH_COUNT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Queue */
    LIST_ENTRY Queue;
    FAST_MUTEX Mutex; /* without FIXED: guards Cancelled */
    volatile LONG Cancelled;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD WatchUnload;
DRIVER_DISPATCH WatchCreateClose, WatchRead, WatchWrite, WatchControl, WatchCleanup;
DRIVER_CANCEL WatchCancel;

static UNICODE_STRING WatchDeviceName = RTL_CONSTANT_STRING(L"\\Device\\CancelWaits");
static UNICODE_STRING WatchLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\CancelWaits");

static NTSTATUS WatchComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID WatchCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
#ifdef FIXED
    InterlockedIncrement(&ext->Cancelled);
#else
    ExAcquireFastMutex(&ext->Mutex); /* BUG: waits at DISPATCH_LEVEL */
    ext->Cancelled++;
    ExReleaseFastMutex(&ext->Mutex);
#endif
    KeReleaseSpinLock(&ext->Lock, irql);
    WatchComplete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS WatchPend(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    IoMarkIrpPending(Irp);
    InsertTailList(&Ext->Queue, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, WatchCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&Ext->Lock, irql);
        WatchComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_PENDING;
}

/* Takes the oldest IRP (of File, unless NULL) off the queue; NULL when there is none. */
static PIRP WatchTake(PDEVICE_EXTENSION Ext, PFILE_OBJECT File)
{
    PLIST_ENTRY entry;
    PIRP taken = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    for (entry = Ext->Queue.Flink; entry != &Ext->Queue; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (File != NULL && IoGetCurrentIrpStackLocation(irp)->FileObject != File) {
            continue;
        }
        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            RemoveEntryList(entry);
            taken = irp;
            break;
        }
        /* WatchCancel is on its way for this one, and takes it off the queue. */
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return taken;
}

NTSTATUS WatchRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return WatchPend(DeviceObject->DeviceExtension, Irp);
}

NTSTATUS WatchWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIRP reader = WatchTake(DeviceObject->DeviceExtension, NULL);

    if (reader != NULL) {
        WatchComplete(reader, STATUS_SUCCESS, 0);
    }
    return WatchComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS WatchControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_WATCH_COUNT) {
        return WatchComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(LONG)) {
        return WatchComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
#ifdef FIXED
    *(PLONG)Irp->AssociatedIrp.SystemBuffer = InterlockedCompareExchange(&ext->Cancelled, 0, 0);
#else
    ExAcquireFastMutex(&ext->Mutex);
    *(PLONG)Irp->AssociatedIrp.SystemBuffer = ext->Cancelled;
    ExReleaseFastMutex(&ext->Mutex);
#endif
    return WatchComplete(Irp, STATUS_SUCCESS, sizeof(LONG));
}

NTSTATUS WatchCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP pending;

    while ((pending = WatchTake(DeviceObject->DeviceExtension, file)) != NULL) {
        WatchComplete(pending, STATUS_CANCELLED, 0);
    }
    return WatchComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS WatchCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return WatchComplete(Irp, STATUS_SUCCESS, 0);
}

VOID WatchUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&WatchLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &WatchDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Queue);
    ExInitializeFastMutex(&ext->Mutex);
    status = IoCreateSymbolicLink(&WatchLinkName, &WatchDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = WatchCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = WatchCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = WatchCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = WatchRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = WatchWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = WatchControl;
    DriverObject->DriverUnload = WatchUnload;
    return STATUS_SUCCESS;
}
