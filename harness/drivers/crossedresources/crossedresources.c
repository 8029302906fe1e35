/* wdmfuzz-sample: crossedresources
 * kind: seeded
 * pattern: F01
 * class: P1
 * rule: Deadlock, LockOrder
 * function: LibraryRead, LibraryWrite
 * line: any
 * calls: 3
 * preemptions: 1
 * A library with a catalogue and a set of shelves, each under an executive resource of its own. A write puts a book away:
 * it owns the shelves and then asks for the catalogue. A read looks a book up: it owns the catalogue, shared, and then
 * asks for the shelves. Each waits for the other when one comes between the other's two acquires.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    ERESOURCE Shelves; /* guards Books; comes first */
    ERESOURCE Catalogue; /* guards Cards */
    ULONG Books;
    ULONG Cards;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LibraryUnload;
DRIVER_DISPATCH LibraryCreateClose, LibraryRead, LibraryWrite;

static UNICODE_STRING LibraryDeviceName = RTL_CONSTANT_STRING(L"\\Device\\CrossedResources");
static UNICODE_STRING LibraryLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\CrossedResources");

static NTSTATUS LibraryComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS LibraryWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&ext->Shelves, TRUE);
    ext->Books += length;
    ExAcquireResourceExclusiveLite(&ext->Catalogue, TRUE);
    ext->Cards += length;
    ExReleaseResourceLite(&ext->Catalogue);
    ExReleaseResourceLite(&ext->Shelves);
    KeLeaveCriticalRegion();
    return LibraryComplete(Irp, STATUS_SUCCESS, length);
}

NTSTATUS LibraryRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    BOOLEAN agree;

    KeEnterCriticalRegion();
#ifdef FIXED
    ExAcquireResourceSharedLite(&ext->Shelves, TRUE);
    ExAcquireResourceSharedLite(&ext->Catalogue, TRUE);
    agree = ext->Books == ext->Cards;
    ExReleaseResourceLite(&ext->Catalogue);
    ExReleaseResourceLite(&ext->Shelves);
#else
    ExAcquireResourceSharedLite(&ext->Catalogue, TRUE);
    ExAcquireResourceSharedLite(&ext->Shelves, TRUE); /* BUG: LibraryWrite takes the shelves first */
    agree = ext->Books == ext->Cards;
    ExReleaseResourceLite(&ext->Shelves);
    ExReleaseResourceLite(&ext->Catalogue);
#endif
    KeLeaveCriticalRegion();
    return LibraryComplete(Irp, agree ? STATUS_SUCCESS : STATUS_DATA_ERROR, 0);
}

NTSTATUS LibraryCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return LibraryComplete(Irp, STATUS_SUCCESS, 0);
}

VOID LibraryUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    ExDeleteResourceLite(&ext->Catalogue);
    ExDeleteResourceLite(&ext->Shelves);
    IoDeleteSymbolicLink(&LibraryLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &LibraryDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = IoCreateSymbolicLink(&LibraryLinkName, &LibraryDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    ExInitializeResourceLite(&ext->Shelves);
    ExInitializeResourceLite(&ext->Catalogue);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = LibraryCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = LibraryCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = LibraryRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = LibraryWrite;
    DriverObject->DriverUnload = LibraryUnload;
    return STATUS_SUCCESS;
}
