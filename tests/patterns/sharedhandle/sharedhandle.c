/* wdmfuzz-sample: sharedhandle
 * kind: seeded
 * pattern: A17
 * class: P1
 * rule: QueuedSpinLock, QueuedSpinLockRelease
 * function: CountRead
 * line: any
 * calls: 3
 * preemptions: 1
 * A read counts itself under an in-stack queued spin lock. The queue handle is the device's instead of the caller's:
 * the second processor overwrites the queue entry of the first.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Reads */
    KLOCK_QUEUE_HANDLE Handle;
    ULONG Reads;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH CountRead;

NTSTATUS CountRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
#ifdef FIXED
    KLOCK_QUEUE_HANDLE own;
    PKLOCK_QUEUE_HANDLE handle = &own;
#else
    PKLOCK_QUEUE_HANDLE handle = &ext->Handle; /* BUG: one for all processors */
#endif

    KeAcquireInStackQueuedSpinLock(&ext->Lock, handle);
    ext->Reads++;
    KeReleaseInStackQueuedSpinLock(handle);
    return Complete(Irp, STATUS_SUCCESS, 0);
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
    DriverObject->MajorFunction[IRP_MJ_READ] = CountRead;
    return STATUS_SUCCESS;
}
