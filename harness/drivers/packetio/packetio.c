/* wdmfuzz-sample: packetio
 * kind: clean
 * A slow one-packet device served by StartIo. Reads and writes go through the device queue (IoStartPacket) and are
 * cancellable while they wait there; the timer DPC plays the part of the hardware: it finishes the current packet and
 * starts the next. CurrentIrp, the device queue and the cancel routines are kept consistent by the cancel spin lock.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define PACKET_SIZE 16
#define LATENCY_100NS (-1 * 10000LL) /* 1 ms from now */

typedef struct _DEVICE_EXTENSION {
    KTIMER Timer;
    KDPC Dpc;
    UCHAR Packet[PACKET_SIZE]; /* belongs to the current packet */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD PktUnload;
DRIVER_DISPATCH PktCreateClose, PktReadWrite;
DRIVER_STARTIO PktStartIo;
DRIVER_CANCEL PktCancel;
KDEFERRED_ROUTINE PktDpc;

static UNICODE_STRING PktDeviceName = RTL_CONSTANT_STRING(L"\\Device\\PacketIo");
static UNICODE_STRING PktLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\PacketIo");

static NTSTATUS PktComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* A packet that waits in the device queue is taken out of it. The current one is left to PktStartIo, which is about to
 * run and looks at Irp->Cancel. */
VOID PktCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    BOOLEAN queued;

    if (Irp == DeviceObject->CurrentIrp) {
        IoReleaseCancelSpinLock(Irp->CancelIrql);
        return;
    }
    queued = KeRemoveEntryDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    if (queued) {
        PktComplete(Irp, STATUS_CANCELLED, 0);
    }
}

VOID PktStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    LARGE_INTEGER due;
    BOOLEAN cancelled;
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(Irp, NULL); /* from here on the packet runs to its end */
    cancelled = Irp->Cancel;
    IoReleaseCancelSpinLock(irql);

    if (cancelled) {
        IoStartNextPacket(DeviceObject, TRUE);
        PktComplete(Irp, STATUS_CANCELLED, 0);
        return;
    }
    due.QuadPart = LATENCY_100NS;
    KeSetTimer(&ext->Timer, due, &ext->Dpc);
}

VOID PktDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_OBJECT device = DeferredContext;
    PDEVICE_EXTENSION ext = device->DeviceExtension;
    PIRP irp = device->CurrentIrp;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG length;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    if (stack->MajorFunction == IRP_MJ_WRITE) {
        length = min(stack->Parameters.Write.Length, PACKET_SIZE);
        RtlCopyMemory(ext->Packet, irp->AssociatedIrp.SystemBuffer, length);
    } else {
        length = min(stack->Parameters.Read.Length, PACKET_SIZE);
        RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, ext->Packet, length);
    }
    IoStartNextPacket(device, TRUE);
    PktComplete(irp, STATUS_SUCCESS, length);
}

NTSTATUS PktReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    BOOLEAN write = stack->MajorFunction == IRP_MJ_WRITE;
    ULONG length = write ? stack->Parameters.Write.Length : stack->Parameters.Read.Length;

    if (length == 0) {
        return PktComplete(Irp, STATUS_SUCCESS, 0);
    }
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, PktCancel);
    return STATUS_PENDING;
}

NTSTATUS PktCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return PktComplete(Irp, STATUS_SUCCESS, 0);
}

VOID PktUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    KeCancelTimer(&ext->Timer);
    KeFlushQueuedDpcs(); /* the last DPC may be in its last instructions */
    IoDeleteSymbolicLink(&PktLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &PktDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, PktDpc, device);
    status = IoCreateSymbolicLink(&PktLinkName, &PktDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = PktCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = PktCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = PktReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = PktReadWrite;
    DriverObject->DriverStartIo = PktStartIo;
    DriverObject->DriverUnload = PktUnload;
    return STATUS_SUCCESS;
}
