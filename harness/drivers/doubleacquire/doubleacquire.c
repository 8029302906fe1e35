/* wdmfuzz-sample: doubleacquire
 * kind: seeded
 * pattern: A01
 * class: S
 * rule: SpinLock
 * function: LogFlush
 * line: 51
 * calls: 3
 * preemptions: 0
 * A log with room for 32 bytes. A write appends under the log's spin lock; when its bytes do not fit, LogWrite has the
 * old ones flushed first. LogFlush is also called without the lock, from read, so it takes the lock itself: called by
 * LogWrite it acquires a lock that this processor already holds.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define LOG_SIZE 32

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards the rest */
    ULONG Used;
    ULONG Flushes;
    UCHAR Log[LOG_SIZE];
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LogUnload;
DRIVER_DISPATCH LogCreateClose, LogRead, LogWrite;

static UNICODE_STRING LogDeviceName = RTL_CONSTANT_STRING(L"\\Device\\DoubleAcquire");
static UNICODE_STRING LogLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\DoubleAcquire");

static NTSTATUS LogComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID LogFlushLocked(PDEVICE_EXTENSION Ext)
{
    Ext->Used = 0;
    Ext->Flushes++;
}

static VOID LogFlush(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    LogFlushLocked(Ext);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

NTSTATUS LogWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KIRQL irql;

    if (length == 0 || length > LOG_SIZE) {
        return LogComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    KeAcquireSpinLock(&ext->Lock, &irql);
    if (ext->Used + length > LOG_SIZE) {
#ifdef FIXED
        LogFlushLocked(ext);
#else
        LogFlush(ext); /* BUG: takes ext->Lock, which is held here */
#endif
    }
    RtlCopyMemory(ext->Log + ext->Used, Irp->AssociatedIrp.SystemBuffer, length);
    ext->Used += length;
    KeReleaseSpinLock(&ext->Lock, irql);
    return LogComplete(Irp, STATUS_SUCCESS, length);
}

/* Empties the log. */
NTSTATUS LogRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LogFlush(DeviceObject->DeviceExtension);
    return LogComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS LogCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return LogComplete(Irp, STATUS_SUCCESS, 0);
}

VOID LogUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&LogLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &LogDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    status = IoCreateSymbolicLink(&LogLinkName, &LogDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = LogCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = LogCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = LogRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = LogWrite;
    DriverObject->DriverUnload = LogUnload;
    return STATUS_SUCCESS;
}
