/* wdmfuzz-sample: removelock
 * kind: clean
 * A checksum service. IOCTL_CHECKSUM pends the IRP and hands it to a work item, which sums the bytes at PASSIVE_LEVEL
 * and completes it. A remove lock counts the work under way; unload waits for the last of it, so that no work item
 * ever sees a deleted device. A request takes one work item's time, so it has no cancel routine.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define IOCTL_CHECKSUM CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define SUM_TAG 'kcoL'

typedef struct _DEVICE_EXTENSION {
    IO_REMOVE_LOCK RemoveLock;
    FAST_MUTEX Mutex; /* guards Total */
    ULONG Total;      /* sum of all sums */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SumUnload;
DRIVER_DISPATCH SumCreateClose, SumControl;
IO_WORKITEM_ROUTINE SumWorker;

static UNICODE_STRING SumDeviceName = RTL_CONSTANT_STRING(L"\\Device\\RemoveLock");
static UNICODE_STRING SumLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\RemoveLock");

static NTSTATUS SumComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID SumWorker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PIRP irp = Context;
    PIO_WORKITEM item = irp->Tail.Overlay.DriverContext[0];
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.InputBufferLength;
    PUCHAR bytes = irp->AssociatedIrp.SystemBuffer;
    ULONG sum = 0;
    ULONG i;

    for (i = 0; i < length; i++) {
        sum += bytes[i];
    }
    ExAcquireFastMutex(&ext->Mutex);
    ext->Total += sum;
    ExReleaseFastMutex(&ext->Mutex);

    *(PULONG)irp->AssociatedIrp.SystemBuffer = sum;
    SumComplete(irp, STATUS_SUCCESS, sizeof(ULONG));
    IoFreeWorkItem(item);
    IoReleaseRemoveLock(&ext->RemoveLock, item); /* last: the device may be gone after this */
}

static NTSTATUS SumQueue(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PIO_WORKITEM item = IoAllocateWorkItem(DeviceObject);
    NTSTATUS status;

    if (item == NULL) {
        return SumComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    status = IoAcquireRemoveLock(&ext->RemoveLock, item);
    if (!NT_SUCCESS(status)) {
        IoFreeWorkItem(item);
        return SumComplete(Irp, status, 0);
    }
    IoMarkIrpPending(Irp);
    Irp->Tail.Overlay.DriverContext[0] = item;
    IoQueueWorkItem(item, SumWorker, DelayedWorkQueue, Irp);
    return STATUS_PENDING;
}

NTSTATUS SumControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_CHECKSUM) {
        return SumComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG)) {
        return SumComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    return SumQueue(DeviceObject, Irp);
}

NTSTATUS SumCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return SumComplete(Irp, STATUS_SUCCESS, 0);
}

VOID SumUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    if (NT_SUCCESS(IoAcquireRemoveLock(&ext->RemoveLock, DriverObject))) {
        IoReleaseRemoveLockAndWait(&ext->RemoveLock, DriverObject);
    }
    IoDeleteSymbolicLink(&SumLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &SumDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    IoInitializeRemoveLock(&ext->RemoveLock, SUM_TAG, 0, 0);
    ExInitializeFastMutex(&ext->Mutex);
    status = IoCreateSymbolicLink(&SumLinkName, &SumDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = SumCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SumCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SumControl;
    DriverObject->DriverUnload = SumUnload;
    return STATUS_SUCCESS;
}
