/* What UndefinedBehaviorSanitizer has to see, and what not: IRP_MJ_CREATE lets an unsigned count wrap, as drivers do on
   purpose; IRP_MJ_WRITE lets a signed one overflow. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
DRIVER_DISPATCH Create, Write;

static volatile ULONG Ticks = MAXULONG;
static volatile LONG Total = MAXLONG;

static NTSTATUS Complete(PIRP Irp)
{
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Ticks += 2;
    return Complete(Irp);
}

NTSTATUS Write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Total += (LONG)IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    return Complete(Irp);
}

VOID Unload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT DeviceObject;
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Undefined");

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = Write;
    DriverObject->DriverUnload = Unload;
    return IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &DeviceObject);
}
