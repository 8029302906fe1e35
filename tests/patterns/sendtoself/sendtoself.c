/* wdmfuzz-sample: sendtoself
 * kind: seeded
 * pattern: D17
 * class: S
 * rule: Deadlock
 * function: ChainControl, ChainLock
 * line: any
 * calls: 2
 * preemptions: 0
 * A control sends another control to the driver's own device and waits for it, with the driver's lock held, which the
 * second one needs as well.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define IOCTL_CHAIN_RESET CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_CHAIN_COUNT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _DEVICE_EXTENSION {
    KEVENT Lock; /* signalled while it is free; guards Count */
    ULONG Count;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH ChainControl;

static VOID ChainLock(PDEVICE_EXTENSION Ext)
{
    KeWaitForSingleObject(&Ext->Lock, Executive, KernelMode, FALSE, NULL);
}

static VOID ChainUnlock(PDEVICE_EXTENSION Ext)
{
    KeSetEvent(&Ext->Lock, IO_NO_INCREMENT, FALSE);
}

/* Has the device count, as any caller of it would. */
static NTSTATUS ChainSendCount(PDEVICE_OBJECT DeviceObject)
{
    IO_STATUS_BLOCK iosb;
    KEVENT done;
    NTSTATUS status;
    PIRP irp;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_CHAIN_COUNT, DeviceObject, NULL, 0, NULL, 0, FALSE, &done, &iosb);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = IoCallDriver(DeviceObject, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = iosb.Status;
    }
    return status;
}

NTSTATUS ChainControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    NTSTATUS status = STATUS_SUCCESS;

    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_CHAIN_RESET:
        ChainLock(ext);
        ext->Count = 0;
#ifdef FIXED
        ChainUnlock(ext);
        status = ChainSendCount(DeviceObject);
#else
        status = ChainSendCount(DeviceObject); /* BUG: it waits for the lock */
        ChainUnlock(ext);
#endif
        break;
    case IOCTL_CHAIN_COUNT:
        ChainLock(ext);
        ext->Count++;
        ChainUnlock(ext);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    return Complete(Irp, status, 0);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeEvent(&ext->Lock, SynchronizationEvent, TRUE);
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = ChainControl;
    return STATUS_SUCCESS;
}
