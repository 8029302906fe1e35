/* wdmfuzz-sample: waitunderlock
 * kind: seeded
 * pattern: E11
 * class: S
 * rule: IrqlContract, SpinLock, IoReleaseRemoveLockAndWaitOutsideRemoveDevice
 * function: DoorUnload
 * line: any
 * calls: 2
 * preemptions: 0
 * A door counts who went through it. When somebody did, unload shuts the door with the counter's spin lock held, and
 * waits for the remove lock at DISPATCH_LEVEL.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    IO_REMOVE_LOCK RemoveLock; /* acquired by every request */
    KSPIN_LOCK Lock;           /* guards Count */
    ULONG Count;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD DoorUnload;
DRIVER_DISPATCH DoorWrite;

NTSTATUS DoorWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&ext->RemoveLock, Irp);
    KIRQL irql;

    if (!NT_SUCCESS(status)) {
        return Complete(Irp, status, 0);
    }
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, irql);
    Complete(Irp, STATUS_SUCCESS, 0);
    IoReleaseRemoveLock(&ext->RemoveLock, Irp);
    return STATUS_SUCCESS;
}

VOID DoorUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;
    KIRQL irql;

    IoAcquireRemoveLock(&ext->RemoveLock, DriverObject);
#ifdef FIXED
    IoReleaseRemoveLockAndWait(&ext->RemoveLock, DriverObject);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count = 0;
    KeReleaseSpinLock(&ext->Lock, irql);
#else
    KeAcquireSpinLock(&ext->Lock, &irql);
    if (ext->Count == 0) {
        KeReleaseSpinLock(&ext->Lock, irql);
        IoReleaseRemoveLockAndWait(&ext->RemoveLock, DriverObject);
    } else {
        ext->Count = 0;
        IoReleaseRemoveLockAndWait(&ext->RemoveLock, DriverObject); /* BUG: waits at DISPATCH_LEVEL */
        KeReleaseSpinLock(&ext->Lock, irql);
    }
#endif
    DeletePatternDevice(DriverObject);
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
    KeInitializeSpinLock(&ext->Lock);
    IoInitializeRemoveLock(&ext->RemoveLock, 'rooD', 0, 0);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = DoorWrite;
    DriverObject->DriverUnload = DoorUnload;
    return STATUS_SUCCESS;
}
