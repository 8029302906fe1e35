/* wdmfuzz-sample: freehigh
 * kind: seeded
 * pattern: B05
 * class: S
 * rule: IrqlContract, IrqlExFree1
 * function: ConfigWrite
 * line: any
 * calls: 2
 * preemptions: 0
 * A write replaces a configuration that an interrupt of any level may look at. The exchange is made at HIGH_LEVEL,
 * and so is the freeing of the old one.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define CONFIG_TAG 'gfnC'

typedef struct _CONFIG {
    ULONG Length;
} CONFIG, *PCONFIG;

typedef struct _DEVICE_EXTENSION {
    PCONFIG Config; /* exchanged at HIGH_LEVEL */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ConfigUnload;
DRIVER_DISPATCH ConfigWrite;

NTSTATUS ConfigWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PCONFIG config = ExAllocatePoolWithTag(NonPagedPool, sizeof(CONFIG), CONFIG_TAG), old;
    KIRQL irql;

    if (config == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    config->Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    old = InterlockedExchangePointer((PVOID volatile *)&ext->Config, config);
#ifdef FIXED
    KeLowerIrql(irql);
    ExFreePoolWithTag(old, CONFIG_TAG);
#else
    ExFreePoolWithTag(old, CONFIG_TAG); /* BUG: at HIGH_LEVEL */
    KeLowerIrql(irql);
#endif
    return Complete(Irp, STATUS_SUCCESS, 0);
}

VOID ConfigUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    ExFreePoolWithTag(ext->Config, CONFIG_TAG);
    DeletePatternDevice(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PCONFIG config = ExAllocatePoolWithTag(NonPagedPool, sizeof(CONFIG), CONFIG_TAG);
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    if (config == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    config->Length = 0;
    status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(config, CONFIG_TAG);
        return status;
    }
    ((PDEVICE_EXTENSION)device->DeviceExtension)->Config = config;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = ConfigWrite;
    DriverObject->DriverUnload = ConfigUnload;
    return STATUS_SUCCESS;
}
