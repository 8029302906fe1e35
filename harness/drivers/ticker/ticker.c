/* wdmfuzz-sample: ticker
 * kind: clean
 * A metronome. IOCTL_TICKER_WAIT pends until the next tick and returns the tick's number. A one-shot timer is armed
 * while somebody waits; its DPC completes the oldest waiter and arms the timer again for the next. The queue has its
 * own spin lock, which the DPC and the cancel routine share, and whoever clears the cancel routine owns the IRP.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define IOCTL_TICKER_WAIT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define TICK_100NS (-10 * 10000LL) /* 10 ms from now */

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;    /* guards Waiters and Ticks, and the arming of Timer */
    LIST_ENTRY Waiters; /* pended IRPs, oldest first */
    ULONG Ticks;
    KTIMER Timer;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD TickUnload;
DRIVER_DISPATCH TickCreateClose, TickControl, TickCleanup;
DRIVER_CANCEL TickCancel;
KDEFERRED_ROUTINE TickDpc;

static UNICODE_STRING TickDeviceName = RTL_CONSTANT_STRING(L"\\Device\\Ticker");
static UNICODE_STRING TickLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\Ticker");

static NTSTATUS TickComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID TickArm(PDEVICE_EXTENSION Ext)
{
    LARGE_INTEGER due;

    due.QuadPart = TICK_100NS;
    KeSetTimer(&Ext->Timer, due, &Ext->Dpc);
}

/* Takes the oldest waiter (of File, unless NULL) off the queue. Requires: Lock. */
static PIRP TickTake(PDEVICE_EXTENSION Ext, PFILE_OBJECT File)
{
    PLIST_ENTRY entry, next;

    for (entry = Ext->Waiters.Flink; entry != &Ext->Waiters; entry = next) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        next = entry->Flink;
        if (File != NULL && IoGetCurrentIrpStackLocation(irp)->FileObject != File) {
            continue;
        }
        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            RemoveEntryList(entry);
            return irp;
        }
        /* TickCancel is on its way for this one, and takes it off the queue. */
    }
    return NULL;
}

VOID TickDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;
    PIRP irp;
    ULONG tick;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    irp = TickTake(ext, NULL);
    tick = ++ext->Ticks;
    if (!IsListEmpty(&ext->Waiters)) {
        TickArm(ext);
    }
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);

    if (irp != NULL) {
        *(PULONG)irp->AssociatedIrp.SystemBuffer = tick;
        TickComplete(irp, STATUS_SUCCESS, sizeof(ULONG));
    }
}

VOID TickCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    TickComplete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS TickWait(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, TickCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&Ext->Lock, irql);
        TickComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    if (IsListEmpty(&Ext->Waiters)) {
        TickArm(Ext);
    }
    InsertTailList(&Ext->Waiters, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_PENDING;
}

NTSTATUS TickControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_TICKER_WAIT) {
        return TickComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG)) {
        return TickComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    return TickWait(DeviceObject->DeviceExtension, Irp);
}

NTSTATUS TickCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP waiter;
    KIRQL irql;

    do {
        KeAcquireSpinLock(&ext->Lock, &irql);
        waiter = TickTake(ext, file);
        KeReleaseSpinLock(&ext->Lock, irql);
        if (waiter != NULL) {
            TickComplete(waiter, STATUS_CANCELLED, 0);
        }
    } while (waiter != NULL);
    return TickComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS TickCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return TickComplete(Irp, STATUS_SUCCESS, 0);
}

VOID TickUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    KeCancelTimer(&ext->Timer);
    KeFlushQueuedDpcs(); /* the DPC may be queued or in its last instructions; with no waiter it does not arm again */
    IoDeleteSymbolicLink(&TickLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &TickDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Waiters);
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, TickDpc, ext);
    status = IoCreateSymbolicLink(&TickLinkName, &TickDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = TickCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = TickCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = TickCleanup;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = TickControl;
    DriverObject->DriverUnload = TickUnload;
    return STATUS_SUCCESS;
}
