/* Every open frees a block twice; a control request whose input is as large as the structure acquires a spin lock twice. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
DRIVER_DISPATCH Create, Close, Control;

typedef struct { CHAR Bytes[294]; } PLUG;

KSPIN_LOCK Lock;

NTSTATUS Close(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVOID Block = ExAllocatePoolWithTag(NonPagedPool, 32, 'eciw');

    if (Block) {
        ExFreePoolWithTag(Block, 'eciw');
        ExFreePoolWithTag(Block, 'eciw');
    }
    return Close(DeviceObject, Irp);
}

NTSTATUS Control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    KIRQL Irql;

    if (Stack->Parameters.DeviceIoControl.InputBufferLength == sizeof(PLUG)) {
        KeAcquireSpinLock(&Lock, &Irql);
        KeAcquireSpinLockAtDpcLevel(&Lock);
        KeReleaseSpinLock(&Lock, Irql);
    }
    return Close(DeviceObject, Irp);
}

VOID Unload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT DeviceObject;
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\DoubleFree");

    UNREFERENCED_PARAMETER(RegistryPath);
    KeInitializeSpinLock(&Lock);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = Close;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    DriverObject->DriverUnload = Unload;
    return IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &DeviceObject);
}
