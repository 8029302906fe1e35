/* wdmfuzz-sample: replacepointer
 * kind: seeded
 * pattern: F07
 * class: P1
 * rule: heap-use-after-free, double-free, PoolLeak
 * function: NameWrite
 * line: any
 * calls: 4
 * preemptions: 1
 * A write replaces the device's name by a longer buffer when it does not fit. No lock guards the pointer: two writes
 * can free the same old buffer.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define NAME_TAG 'emaN'

typedef struct _DEVICE_EXTENSION {
    FAST_MUTEX Lock; /* guards what follows */
    PUCHAR Name;
    ULONG Length;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD NameUnload;
DRIVER_DISPATCH NameWrite;

static NTSTATUS NameReplace(PDEVICE_EXTENSION Ext, PVOID Name, ULONG Length)
{
    if (Ext->Name != NULL && Ext->Length < Length) {
        ExFreePoolWithTag(Ext->Name, NAME_TAG);
        Ext->Name = NULL;
    }
    if (Ext->Name == NULL) {
        Ext->Name = ExAllocatePoolWithTag(NonPagedPool, Length, NAME_TAG);
        if (Ext->Name == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Ext->Length = Length;
    }
    RtlCopyMemory(Ext->Name, Name, Length);
    return STATUS_SUCCESS;
}

NTSTATUS NameWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    NTSTATUS status;

    if (length == 0) {
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
#ifdef FIXED
    ExAcquireFastMutex(&ext->Lock);
#endif
    status = NameReplace(ext, Irp->AssociatedIrp.SystemBuffer, length); /* BUG: without the lock */
#ifdef FIXED
    ExReleaseFastMutex(&ext->Lock);
#endif
    return Complete(Irp, status, 0);
}

VOID NameUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    if (ext->Name != NULL) {
        ExFreePoolWithTag(ext->Name, NAME_TAG);
    }
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
    ExInitializeFastMutex(&ext->Lock);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = NameWrite;
    DriverObject->DriverUnload = NameUnload;
    return STATUS_SUCCESS;
}
