/* wdmfuzz-sample: threadeddpc
 * kind: seeded
 * pattern: E07
 * class: S
 * rule: IrqlDispatch
 * function: SampleDpc
 * line: any
 * calls: 2
 * preemptions: 0
 * A write has a threaded DPC take a sample. Its routine takes the lock as an ordinary DPC may, with the AtDpcLevel
 * form, but a threaded DPC runs at PASSIVE_LEVEL unless the system has switched such DPCs off.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Samples */
    ULONG Samples;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SampleUnload;
DRIVER_DISPATCH SampleWrite;
KDEFERRED_ROUTINE SampleDpc;

VOID SampleDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;
#ifdef FIXED
    KIRQL irql;
#endif

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
#ifdef FIXED
    irql = KeAcquireSpinLockForDpc(&ext->Lock);
    ext->Samples++;
    KeReleaseSpinLockForDpc(&ext->Lock, irql);
#else
    KeAcquireSpinLockAtDpcLevel(&ext->Lock); /* BUG: mostly at PASSIVE_LEVEL */
    ext->Samples++;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
#endif
}

NTSTATUS SampleWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    KeInsertQueueDpc(&ext->Dpc, NULL, NULL);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

VOID SampleUnload(PDRIVER_OBJECT DriverObject)
{
    KeFlushQueuedDpcs();
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
    KeInitializeThreadedDpc(&ext->Dpc, SampleDpc, ext);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = SampleWrite;
    DriverObject->DriverUnload = SampleUnload;
    return STATUS_SUCCESS;
}
