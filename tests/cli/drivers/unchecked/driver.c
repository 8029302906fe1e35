/* Takes for granted that its second block can be had. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
DRIVER_DISPATCH Create;

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LONG *First = ExAllocatePoolWithTag(NonPagedPool, sizeof(LONG), 'tseT');
    LONG *Second = ExAllocatePoolWithTag(NonPagedPool, sizeof(LONG), 'tseT');

    UNREFERENCED_PARAMETER(DeviceObject);
    *Second = 0;
    if (First) ExFreePoolWithTag(First, 'tseT');
    ExFreePoolWithTag(Second, 'tseT');
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

VOID Unload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT DeviceObject;
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Unchecked");

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;
    DriverObject->DriverUnload = Unload;
    return IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &DeviceObject);
}
