/* wdmfuzz-sample: returnraised
 * kind: seeded
 * pattern: B07
 * class: S
 * rule: IrqlReturn
 * function: SumWrite
 * line: any
 * calls: 2
 * preemptions: 0
 * A write adds its bytes to the sum of the processor it runs on, at DISPATCH_LEVEL so that it stays there. An empty
 * write returns early, and leaves the IRQL raised.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define CPUS 32

typedef struct _DEVICE_EXTENSION {
    ULONG Sums[CPUS]; /* each belongs to its processor, at DISPATCH_LEVEL */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH SumWrite;

NTSTATUS SumWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (length == 0) {
#ifdef FIXED
        KeLowerIrql(irql);
#endif
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0); /* BUG: still at DISPATCH_LEVEL */
    }
    ext->Sums[KeGetCurrentProcessorNumber() % CPUS] += length;
    KeLowerIrql(irql);
    return Complete(Irp, STATUS_SUCCESS, length);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (NT_SUCCESS(status)) {
        DriverObject->MajorFunction[IRP_MJ_WRITE] = SumWrite;
    }
    return status;
}
