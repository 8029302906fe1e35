/* What coverage has to count right: a source with an exception block (seh.c), a header by a relative path, a static function
   that nobody calls, a read of freed memory that is passed over, and a second free, which ends the process. */
#include <ntddk.h>
#include "inner/half.h"

NTSTATUS Caught(ULONG Code);

static int Counter;

static int Unused(int n)
{
    return n + 1;
}
int (*Keep)(int) = Unused;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    Counter += Half(8);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    int *block = ExAllocatePoolWithTag(NonPagedPool, 16, 'kcoB');
    if (block) {
        ExFreePoolWithTag(block, 'kcoB');
        Counter += *(volatile int *)block;
        Counter += 1;
    }
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    int *block = ExAllocatePoolWithTag(NonPagedPool, 16, 'kcoB');
    if (block) {
        ExFreePoolWithTag(block, 'kcoB');
        ExFreePoolWithTag(block, 'kcoB');
        Counter += 2;
    }
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return Complete(Irp, Caught(IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode));
}

static void Unload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Covered");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(DriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = Create;
    DriverObject->MajorFunction[IRP_MJ_READ] = Read;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = Write;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    return STATUS_SUCCESS;
}
