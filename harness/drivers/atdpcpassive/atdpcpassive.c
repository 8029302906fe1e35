/* wdmfuzz-sample: atdpcpassive
 * kind: seeded
 * pattern: B01
 * class: S
 * rule: IrqlDispatch
 * function: SampleRead
 * line: 66
 * calls: 2
 * preemptions: 0
 * A sampler. A write arms a timer whose DPC takes a sample; a read returns how many there are. Both use the spin lock
 * with the AtDpcLevel forms. That is right in the DPC, but a read runs at PASSIVE_LEVEL: the form does not raise the
 * IRQL, so the DPC can interrupt the read on its own processor and spin for ever for the lock that the read holds.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define PERIOD_100NS (-2 * 10000LL) /* 2 ms from now */

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Samples */
    ULONG Samples;
    KTIMER Timer;
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SampleUnload;
DRIVER_DISPATCH SampleCreateClose, SampleRead, SampleWrite;
KDEFERRED_ROUTINE SampleDpc;

static UNICODE_STRING SampleDeviceName = RTL_CONSTANT_STRING(L"\\Device\\AtDpcPassive");
static UNICODE_STRING SampleLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\AtDpcPassive");

static NTSTATUS SampleComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID SampleDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    ext->Samples++;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
}

NTSTATUS SampleRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG samples;
#ifdef FIXED
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    samples = ext->Samples;
    KeReleaseSpinLock(&ext->Lock, irql);
#else
    KeAcquireSpinLockAtDpcLevel(&ext->Lock); /* BUG: this is not a DPC */
    samples = ext->Samples;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
#endif

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length < sizeof(samples)) {
        return SampleComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, &samples, sizeof(samples));
    return SampleComplete(Irp, STATUS_SUCCESS, sizeof(samples));
}

NTSTATUS SampleWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    LARGE_INTEGER due;

    due.QuadPart = PERIOD_100NS;
    KeSetTimer(&ext->Timer, due, &ext->Dpc);
    return SampleComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS SampleCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return SampleComplete(Irp, STATUS_SUCCESS, 0);
}

VOID SampleUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    KeCancelTimer(&ext->Timer);
    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&SampleLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &SampleDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, SampleDpc, ext);
    status = IoCreateSymbolicLink(&SampleLinkName, &SampleDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = SampleCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SampleCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = SampleRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = SampleWrite;
    DriverObject->DriverUnload = SampleUnload;
    return STATUS_SUCCESS;
}
