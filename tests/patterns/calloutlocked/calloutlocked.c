/* wdmfuzz-sample: calloutlocked
 * kind: seeded
 * pattern: B11
 * class: S
 * rule: IrqlContract, IrqlZwPassive
 * function: LevelWrite
 * line: any
 * calls: 2
 * preemptions: 0
 * A write sets a level and keeps it in the registry, both under the spin lock that guards the level: ZwSetValueKey is
 * called at DISPATCH_LEVEL.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
#ifdef FIXED
    FAST_MUTEX Lock; /* guards Level and its value in the registry */
#else
    KSPIN_LOCK Lock;
#endif
    ULONG Level;
    HANDLE Key;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LevelUnload;
DRIVER_DISPATCH LevelWrite;

static NTSTATUS LevelStore(PDEVICE_EXTENSION Ext)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Level");

    return ZwSetValueKey(Ext->Key, &name, 0, REG_DWORD, &Ext->Level, sizeof(Ext->Level));
}

NTSTATUS LevelWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    NTSTATUS status;
#ifdef FIXED
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&ext->Lock); /* stays at PASSIVE_LEVEL */
    ext->Level = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    status = LevelStore(ext);
    ExReleaseFastMutexUnsafe(&ext->Lock);
    KeLeaveCriticalRegion();
#else
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Level = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    status = LevelStore(ext); /* BUG: at DISPATCH_LEVEL */
    KeReleaseSpinLock(&ext->Lock, irql);
#endif
    return Complete(Irp, status, 0);
}

VOID LevelUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    ZwClose(ext->Key);
    DeletePatternDevice(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    OBJECT_ATTRIBUTES attributes;
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    HANDLE key;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwOpenKey(&key, KEY_SET_VALUE, &attributes);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);
    if (!NT_SUCCESS(status)) {
        ZwClose(key);
        return status;
    }
    ext = device->DeviceExtension;
    ext->Key = key;
#ifdef FIXED
    ExInitializeFastMutex(&ext->Lock);
#else
    KeInitializeSpinLock(&ext->Lock);
#endif
    DriverObject->MajorFunction[IRP_MJ_WRITE] = LevelWrite;
    DriverObject->DriverUnload = LevelUnload;
    return STATUS_SUCCESS;
}
