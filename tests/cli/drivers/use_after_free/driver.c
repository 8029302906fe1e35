/* An IRP_MJ_CREATE reads a block that it has freed. */
#include <ntddk.h>

#define IOCTL_PLAIN CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define OWN_CODE(n) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900 + (n), METHOD_NEITHER, FILE_READ_DATA)
#define IOCTL_THROUGH_MACRO OWN_CODE(3)
#ifdef WITH_ANOTHER
#define IOCTL_ANOTHER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
#endif

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
DRIVER_DISPATCH Create;

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    volatile LONG *Block = ExAllocatePoolWithTag(NonPagedPool, sizeof(LONG), 'tseT');

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Block) {
        ExFreePoolWithTag((PVOID)Block, 'tseT');
        Irp->IoStatus.Information = *Block;
    }
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
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\UseAfterFree");

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;
    DriverObject->DriverUnload = Unload;
    return IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &DeviceObject);
}
