/* Every open reads past the end of a block of pool, so that what comes later is only seen by going on: a read past the
   end of a local array's copy, a write past the end of a block, an access to nowhere, and a lock taken twice. */
#include <ntddk.h>

#define IOCTL_COPY CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_NOWHERE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_LOCK CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_BUFFERED, FILE_ANY_ACCESS)

static KSPIN_LOCK Lock;
static volatile LONG Sum;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPool, 10, 'daeR');
    UNREFERENCED_PARAMETER(DeviceObject);
    if (!block) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    RtlZeroMemory(block, 10);
    Sum += block[10];
    ExFreePoolWithTag(block, 'daeR');
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Close(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Copy(void)
{
    UCHAR *from = ExAllocatePoolWithTag(NonPagedPool, 40, 'morF'), *to = ExAllocatePoolWithTag(NonPagedPool, 100, 'oT  ');
    if (from && to) {
        RtlZeroMemory(from, 40);
        RtlCopyMemory(to, from, 60);
        Sum += to[50];
    }
    if (from) ExFreePoolWithTag(from, 'morF');
    if (to) ExFreePoolWithTag(to, 'oT  ');
}

static void TakeTwice(void)
{
    KIRQL irql, again;
    KeAcquireSpinLock(&Lock, &irql);
    KeAcquireSpinLock(&Lock, &again);
}

static NTSTATUS Control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG code = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode;
    UNREFERENCED_PARAMETER(DeviceObject);
    if (code == IOCTL_COPY) Copy();
    if (code == IOCTL_NOWHERE) Sum = *(volatile LONG *)(ULONG_PTR)(Sum & 0);
    if (code == IOCTL_LOCK) TakeTwice();
    return Complete(Irp, STATUS_SUCCESS);
}

static void Unload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Hidden");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Hidden"), link = RTL_CONSTANT_STRING(L"\\DosDevices\\Hidden");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(DriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) return status;
    IoCreateSymbolicLink(&link, &name);
    KeInitializeSpinLock(&Lock);
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = Close;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    return STATUS_SUCCESS;
}
