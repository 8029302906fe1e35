/* wdmfuzz-sample: doublerelease
 * kind: seeded
 * pattern: A05
 * class: S
 * rule: SpinlockRelease, IrqlKeReleaseSpinLock
 * function: KeysControl
 * line: 62
 * calls: 2
 * preemptions: 0
 * A set of keys. IOCTL_KEYS_ADD adds up every byte of its input under a spin lock; a zero byte is no key and ends the
 * loop. The error path releases the lock before it leaves the loop, and the common path behind the loop releases it
 * again. By then another processor may own it, and would find its lock open.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define IOCTL_KEYS_ADD CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Seen */
    ULONG Seen[256]; /* how often each key was added */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD KeysUnload;
DRIVER_DISPATCH KeysCreateClose, KeysControl;

static UNICODE_STRING KeysDeviceName = RTL_CONSTANT_STRING(L"\\Device\\DoubleRelease");
static UNICODE_STRING KeysLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\DoubleRelease");

static NTSTATUS KeysComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS KeysControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PUCHAR keys = Irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;
    ULONG i;

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_KEYS_ADD) {
        return KeysComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    KeAcquireSpinLock(&ext->Lock, &irql);
    for (i = 0; i < stack->Parameters.DeviceIoControl.InputBufferLength; i++) {
        if (keys[i] == 0) {
            status = STATUS_INVALID_PARAMETER;
#ifndef FIXED
            KeReleaseSpinLock(&ext->Lock, irql); /* BUG: released once more behind the loop */
#endif
            break;
        }
        ext->Seen[keys[i]]++;
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    return KeysComplete(Irp, status, 0);
}

NTSTATUS KeysCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return KeysComplete(Irp, STATUS_SUCCESS, 0);
}

VOID KeysUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&KeysLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &KeysDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    status = IoCreateSymbolicLink(&KeysLinkName, &KeysDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = KeysCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = KeysCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = KeysControl;
    DriverObject->DriverUnload = KeysUnload;
    return STATUS_SUCCESS;
}
