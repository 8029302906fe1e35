/* wdmfuzz-sample: wronglock
 * kind: seeded
 * pattern: A07
 * class: S
 * rule: SpinlockRelease
 * function: ChanWrite
 * line: 63
 * calls: 3
 * preemptions: 0
 * Four channels, each with its own spin lock. A write goes to the current channel; after every second write to a
 * channel the next one becomes current. ChanWrite moves its index on before it releases the lock, and the index also
 * names the lock: the lock of the next channel is released, that of this one stays locked for ever.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define CHANNELS 4
#define BURST 2

typedef struct _CHANNEL {
    KSPIN_LOCK Lock; /* guards Writes and Bytes */
    ULONG Writes;
    ULONG Bytes;
} CHANNEL, *PCHANNEL;

typedef struct _DEVICE_EXTENSION {
    volatile LONG Current; /* interlocked */
    CHANNEL Channel[CHANNELS];
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ChanUnload;
DRIVER_DISPATCH ChanCreateClose, ChanWrite;

static UNICODE_STRING ChanDeviceName = RTL_CONSTANT_STRING(L"\\Device\\WrongLock");
static UNICODE_STRING ChanLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\WrongLock");

static NTSTATUS ChanComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS ChanWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    LONG index = InterlockedCompareExchange(&ext->Current, 0, 0);
    KIRQL irql;

    KeAcquireSpinLock(&ext->Channel[index].Lock, &irql);
    ext->Channel[index].Bytes += length;
    if (++ext->Channel[index].Writes % BURST == 0) {
#ifdef FIXED
        InterlockedExchange(&ext->Current, (index + 1) % CHANNELS);
#else
        index = (index + 1) % CHANNELS; /* BUG: the lock below is now another one */
        InterlockedExchange(&ext->Current, index);
#endif
    }
    KeReleaseSpinLock(&ext->Channel[index].Lock, irql);
    return ChanComplete(Irp, STATUS_SUCCESS, length);
}

NTSTATUS ChanCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ChanComplete(Irp, STATUS_SUCCESS, 0);
}

VOID ChanUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&ChanLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;
    ULONG i;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &ChanDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    for (i = 0; i < CHANNELS; i++) {
        KeInitializeSpinLock(&ext->Channel[i].Lock);
    }
    status = IoCreateSymbolicLink(&ChanLinkName, &ChanDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = ChanCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ChanCreateClose;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = ChanWrite;
    DriverObject->DriverUnload = ChanUnload;
    return STATUS_SUCCESS;
}
