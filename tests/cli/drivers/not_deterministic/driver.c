/* Asks the real processor for the time, behind the emulator's back: no two runs need be the same. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
DRIVER_DISPATCH Create;

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG Low, High;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    __asm__ __volatile__("rdtsc" : "=a"(Low), "=d"(High));
    if (Low / 64 % 2) {
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
        KeLowerIrql(Irql);
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
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
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\NotDeterministic");

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;
    DriverObject->DriverUnload = Unload;
    return IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &DeviceObject);
}
