/* wdmfuzz-sample: dpcafterfree
 * kind: seeded
 * pattern: E01
 * class: D
 * rule: DpcAfterFree, heap-use-after-free
 * function: StopClose, StopDpc
 * line: any
 * calls: 2
 * preemptions: 1
 * A stopwatch for each handle. A write arms the timer of the handle's context, whose DPC counts the expiry; a read
 * returns the count. Close cancels the timer and frees the context. When the timer has expired just before, its DPC
 * is queued or runs on another processor: KeCancelTimer does not take that back, and the DPC uses freed memory.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define STOP_TAG 'potS'
#define PERIOD_100NS (-4 * 10000LL) /* 4 ms from now */

typedef struct _STOPWATCH {
    KTIMER Timer;
    KDPC Dpc;
    volatile LONG Expired; /* interlocked */
} STOPWATCH, *PSTOPWATCH;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD StopUnload;
DRIVER_DISPATCH StopCreate, StopRead, StopWrite, StopClose;
KDEFERRED_ROUTINE StopDpc;

static UNICODE_STRING StopDeviceName = RTL_CONSTANT_STRING(L"\\Device\\DpcAfterFree");
static UNICODE_STRING StopLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\DpcAfterFree");

static NTSTATUS StopComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID StopDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PSTOPWATCH watch = DeferredContext;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    InterlockedIncrement(&watch->Expired);
}

NTSTATUS StopCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSTOPWATCH watch = ExAllocatePoolWithTag(NonPagedPool, sizeof(STOPWATCH), STOP_TAG);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (watch == NULL) {
        return StopComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    watch->Expired = 0;
    KeInitializeTimer(&watch->Timer);
    KeInitializeDpc(&watch->Dpc, StopDpc, watch);
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = watch;
    return StopComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS StopWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSTOPWATCH watch = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;
    LARGE_INTEGER due;

    UNREFERENCED_PARAMETER(DeviceObject);
    due.QuadPart = PERIOD_100NS;
    KeSetTimer(&watch->Timer, due, &watch->Dpc);
    return StopComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS StopRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PSTOPWATCH watch = stack->FileObject->FsContext;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (stack->Parameters.Read.Length < sizeof(LONG)) {
        return StopComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    *(PLONG)Irp->AssociatedIrp.SystemBuffer = InterlockedCompareExchange(&watch->Expired, 0, 0);
    return StopComplete(Irp, STATUS_SUCCESS, sizeof(LONG));
}

/* No request of this file is under way any more, so nobody arms the timer again. */
NTSTATUS StopClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSTOPWATCH watch = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeCancelTimer(&watch->Timer);
#ifdef FIXED
    KeFlushQueuedDpcs();
#endif
    ExFreePoolWithTag(watch, STOP_TAG); /* BUG: without the flush, StopDpc may be queued or running */
    return StopComplete(Irp, STATUS_SUCCESS, 0);
}

VOID StopUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&StopLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, 0, &StopDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    status = IoCreateSymbolicLink(&StopLinkName, &StopDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = StopCreate;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = StopClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = StopRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = StopWrite;
    DriverObject->DriverUnload = StopUnload;
    return STATUS_SUCCESS;
}
