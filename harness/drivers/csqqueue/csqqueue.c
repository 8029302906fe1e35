/* wdmfuzz-sample: csqqueue
 * kind: clean
 * A pipe made of a cancel-safe queue. A read pends on the IoCsq; a write hands its bytes to the oldest read and
 * completes both; the cleanup of a handle completes what is left of that handle. The IoCsq library brings the cancel
 * routine, so the driver only supplies the six callbacks.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    IO_CSQ Csq;
    KSPIN_LOCK Lock;  /* guards Reads */
    LIST_ENTRY Reads; /* pended reads, oldest first */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD CqUnload;
DRIVER_DISPATCH CqCreateClose, CqRead, CqWrite, CqCleanup;

static UNICODE_STRING CqDeviceName = RTL_CONSTANT_STRING(L"\\Device\\CsqQueue");
static UNICODE_STRING CqLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\CsqQueue");

static NTSTATUS CqComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID CqInsertIrp(PIO_CSQ Csq, PIRP Irp)
{
    PDEVICE_EXTENSION ext = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, Csq);

    InsertTailList(&ext->Reads, &Irp->Tail.Overlay.ListEntry);
}

static VOID CqRemoveIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/* The next IRP after Irp, or the first; with a file object as context, only its IRPs count. */
static PIRP CqPeekNextIrp(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PDEVICE_EXTENSION ext = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, Csq);
    PLIST_ENTRY entry = Irp != NULL ? Irp->Tail.Overlay.ListEntry.Flink : ext->Reads.Flink;

    for (; entry != &ext->Reads; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (PeekContext == NULL || IoGetCurrentIrpStackLocation(next)->FileObject == PeekContext) {
            return next;
        }
    }
    return NULL;
}

static VOID CqAcquireLock(PIO_CSQ Csq, PKIRQL Irql)
{
    PDEVICE_EXTENSION ext = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, Csq);

    KeAcquireSpinLock(&ext->Lock, Irql);
}

static VOID CqReleaseLock(PIO_CSQ Csq, KIRQL Irql)
{
    PDEVICE_EXTENSION ext = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, Csq);

    KeReleaseSpinLock(&ext->Lock, Irql);
}

static VOID CqCompleteCanceledIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    CqComplete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS CqCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return CqComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS CqRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length == 0) {
        return CqComplete(Irp, STATUS_SUCCESS, 0);
    }
    /* Marks the IRP pending and sets its cancel routine. It may be completed before this returns. */
    IoCsqInsertIrp(&ext->Csq, Irp, NULL);
    return STATUS_PENDING;
}

NTSTATUS CqWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PIRP reader;

    if (length == 0) {
        return CqComplete(Irp, STATUS_SUCCESS, 0);
    }
    reader = IoCsqRemoveNextIrp(&ext->Csq, NULL);
    if (reader == NULL) {
        return CqComplete(Irp, STATUS_DEVICE_NOT_READY, 0);
    }
    length = min(length, IoGetCurrentIrpStackLocation(reader)->Parameters.Read.Length);
    RtlCopyMemory(reader->AssociatedIrp.SystemBuffer, Irp->AssociatedIrp.SystemBuffer, length);
    CqComplete(reader, STATUS_SUCCESS, length);
    return CqComplete(Irp, STATUS_SUCCESS, length);
}

NTSTATUS CqCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP pending;

    while ((pending = IoCsqRemoveNextIrp(&ext->Csq, file)) != NULL) {
        CqComplete(pending, STATUS_CANCELLED, 0);
    }
    return CqComplete(Irp, STATUS_SUCCESS, 0);
}

VOID CqUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&CqLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &CqDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Reads);
    status = IoCsqInitialize(&ext->Csq, CqInsertIrp, CqRemoveIrp, CqPeekNextIrp, CqAcquireLock, CqReleaseLock,
                             CqCompleteCanceledIrp);
    if (NT_SUCCESS(status)) {
        status = IoCreateSymbolicLink(&CqLinkName, &CqDeviceName);
    }
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CqCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CqCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = CqCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = CqRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = CqWrite;
    DriverObject->DriverUnload = CqUnload;
    return STATUS_SUCCESS;
}
