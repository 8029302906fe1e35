/* wdmfuzz-sample: pagedrecord
 * kind: seeded
 * pattern: B03
 * class: S
 * rule: PagedPool
 * function: RecordWrite
 * line: 55
 * calls: 2
 * preemptions: 0
 * Keeps the last bytes written in a record of paged pool. Reading it at PASSIVE_LEVEL is fine; the write changes it under
 * a spin lock, at DISPATCH_LEVEL, where nobody could bring a page back that was written to disk.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define RECORD_TAG 'dceR'
#define RECORD_SIZE 64

#ifdef FIXED
#define RECORD_POOL NonPagedPoolNx
#else
#define RECORD_POOL PagedPool /* BUG: touched with a spin lock held */
#endif

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards the bytes of Record */
    PUCHAR Record;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD RecordUnload;
DRIVER_DISPATCH RecordCreateClose, RecordWrite;

static UNICODE_STRING RecordDeviceName = RTL_CONSTANT_STRING(L"\\Device\\PagedRecord");
static UNICODE_STRING RecordLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\PagedRecord");

static NTSTATUS RecordComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS RecordWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PUCHAR bytes = Irp->AssociatedIrp.SystemBuffer;
    KIRQL irql;
    ULONG i;

    if (length > RECORD_SIZE) length = RECORD_SIZE;
    KeAcquireSpinLock(&ext->Lock, &irql);
    for (i = 0; i < length; i++) ext->Record[i] = bytes[i];
    KeReleaseSpinLock(&ext->Lock, irql);
    return RecordComplete(Irp, STATUS_SUCCESS, length);
}

NTSTATUS RecordCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    PAGED_CODE();
    ext->Record[0] = 0;
    return RecordComplete(Irp, STATUS_SUCCESS, 0);
}

VOID RecordUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    IoDeleteSymbolicLink(&RecordLinkName);
    ExFreePoolWithTag(ext->Record, RECORD_TAG);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &RecordDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) return status;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    ext->Record = ExAllocatePoolWithTag(RECORD_POOL, RECORD_SIZE, RECORD_TAG);
    if (!ext->Record) {
        IoDeleteDevice(device);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = IoCreateSymbolicLink(&RecordLinkName, &RecordDeviceName);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(ext->Record, RECORD_TAG);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = RecordCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = RecordCreateClose;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = RecordWrite;
    DriverObject->DriverUnload = RecordUnload;
    return STATUS_SUCCESS;
}
