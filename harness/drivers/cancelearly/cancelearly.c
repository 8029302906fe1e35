/* wdmfuzz-sample: cancelearly
 * kind: seeded
 * pattern: C05
 * class: P1
 * rule: IrpNeverCompleted
 * function: RegRegister
 * line: 89
 * calls: 3
 * preemptions: 1
 * A notification service. IOCTL_REG_WAIT registers a waiter and pends, IOCTL_REG_SIGNAL completes the oldest. The
 * waiter's record hangs on the IRP, and an IRP without one is not registered (yet), so that RegCancel leaves it alone.
 * RegRegister sets the cancel routine before it hangs the record on the IRP. The lock does not help: a cancel in
 * between looks at the IRP before it gets there, gives up, and nobody ever completes the IRP.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define IOCTL_REG_WAIT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_REG_SIGNAL CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define REG_TAG ' geR'

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Waiters */
    LIST_ENTRY Waiters;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

typedef struct _WAITER {
    LIST_ENTRY Link;
    PIRP Irp;
    PFILE_OBJECT File;
} WAITER, *PWAITER;

#define WAITER_OF(Irp) ((Irp)->Tail.Overlay.DriverContext[0])

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD RegUnload;
DRIVER_DISPATCH RegCreateClose, RegControl, RegCleanup;
DRIVER_CANCEL RegCancel;

static UNICODE_STRING RegDeviceName = RTL_CONSTANT_STRING(L"\\Device\\CancelEarly");
static UNICODE_STRING RegLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\CancelEarly");

static NTSTATUS RegComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID RegFinish(PWAITER Waiter, NTSTATUS Status)
{
    PIRP irp = Waiter->Irp;

    ExFreePoolWithTag(Waiter, REG_TAG);
    RegComplete(irp, Status, 0);
}

VOID RegCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PWAITER waiter;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    waiter = WAITER_OF(Irp);
    if (waiter == NULL) {
        return; /* not registered */
    }
    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&waiter->Link);
    KeReleaseSpinLock(&ext->Lock, irql);
    RegFinish(waiter, STATUS_CANCELLED);
}

static NTSTATUS RegRegister(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    PWAITER waiter = ExAllocatePoolWithTag(NonPagedPool, sizeof(WAITER), REG_TAG);
    KIRQL irql;

    if (waiter == NULL) {
        return RegComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    waiter->Irp = Irp;
    waiter->File = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    WAITER_OF(Irp) = NULL;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    IoMarkIrpPending(Irp);
#ifdef FIXED
    WAITER_OF(Irp) = waiter;
    IoSetCancelRoutine(Irp, RegCancel);
#else
    IoSetCancelRoutine(Irp, RegCancel);
    WAITER_OF(Irp) = waiter; /* BUG: a cancel that comes before this finds no record */
#endif
    InsertTailList(&Ext->Waiters, &waiter->Link);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&waiter->Link);
        KeReleaseSpinLock(&Ext->Lock, irql);
        RegFinish(waiter, STATUS_CANCELLED);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_PENDING;
}

/* Takes the oldest waiter (of File, unless NULL) off the list; NULL when there is none. */
static PWAITER RegTake(PDEVICE_EXTENSION Ext, PFILE_OBJECT File)
{
    PLIST_ENTRY entry;
    PWAITER taken = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    for (entry = Ext->Waiters.Flink; entry != &Ext->Waiters; entry = entry->Flink) {
        PWAITER waiter = CONTAINING_RECORD(entry, WAITER, Link);

        if ((File == NULL || waiter->File == File) && IoSetCancelRoutine(waiter->Irp, NULL) != NULL) {
            RemoveEntryList(entry);
            taken = waiter;
            break;
        }
        /* Another file's, or RegCancel is on its way. */
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return taken;
}

NTSTATUS RegControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PWAITER waiter;

    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_REG_WAIT:
        return RegRegister(DeviceObject->DeviceExtension, Irp);
    case IOCTL_REG_SIGNAL:
        waiter = RegTake(DeviceObject->DeviceExtension, NULL);
        if (waiter != NULL) {
            RegFinish(waiter, STATUS_SUCCESS);
        }
        return RegComplete(Irp, STATUS_SUCCESS, 0);
    default:
        return RegComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

NTSTATUS RegCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PWAITER waiter;

    while ((waiter = RegTake(DeviceObject->DeviceExtension, file)) != NULL) {
        RegFinish(waiter, STATUS_CANCELLED);
    }
    return RegComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS RegCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return RegComplete(Irp, STATUS_SUCCESS, 0);
}

VOID RegUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&RegLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &RegDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Waiters);
    status = IoCreateSymbolicLink(&RegLinkName, &RegDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = RegCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = RegCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = RegCleanup;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = RegControl;
    DriverObject->DriverUnload = RegUnload;
    return STATUS_SUCCESS;
}
