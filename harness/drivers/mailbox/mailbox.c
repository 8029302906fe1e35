/* wdmfuzz-sample: mailbox
 * kind: seeded
 * pattern: A01
 * class: S+C
 * rule: SpinLock
 * function: MailboxCancel
 * line: 54
 * calls: 3
 * preemptions: 0
 * A mailbox. A write leaves a letter: it pends until somebody reads it. A read takes the oldest letter and completes
 * both. When a handle goes away, MailboxCleanup returns the letters of that handle to their sender, and to do so it
 * calls the cancel routine itself, as IoCancelIrp would. But it walks the list under the mailbox's spin lock, and
 * MailboxCancel takes that same lock. A spin lock is not recursive: the processor waits for itself, for ever.
 * Needed: a letter that nobody has read, and the handle closed.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _MAILBOX {
    KSPIN_LOCK Lock;    /* guards Letters */
    LIST_ENTRY Letters; /* pended writes, oldest first */
} MAILBOX, *PMAILBOX;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD MailboxUnload;
DRIVER_DISPATCH MailboxCreateClose, MailboxRead, MailboxWrite, MailboxCleanup;
DRIVER_CANCEL MailboxCancel;

static UNICODE_STRING MailboxDeviceName = RTL_CONSTANT_STRING(L"\\Device\\Mailbox");
static UNICODE_STRING MailboxLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\Mailbox");

static NTSTATUS MailboxComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS MailboxCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return MailboxComplete(Irp, STATUS_SUCCESS, 0);
}

/* Called by the I/O manager with the cancel spin lock held. */
VOID MailboxCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMAILBOX box = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);

    KeAcquireSpinLock(&box->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&box->Lock, irql);

    MailboxComplete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS MailboxWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMAILBOX box = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&box->Lock, &irql);
    IoMarkIrpPending(Irp);
    InsertTailList(&box->Letters, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, MailboxCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* Cancelled before it had a cancel routine: nobody else will finish it. */
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&box->Lock, irql);
        MailboxComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&box->Lock, irql);
    return STATUS_PENDING;
}

/* Takes the oldest letter that is not being cancelled out of the box. */
static PIRP MailboxTakeLetter(PMAILBOX Box)
{
    PLIST_ENTRY entry;
    PIRP letter = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Box->Lock, &irql);
    for (entry = Box->Letters.Flink; entry != &Box->Letters; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            RemoveEntryList(entry);
            letter = irp;
            break;
        }
    }
    KeReleaseSpinLock(&Box->Lock, irql);
    return letter;
}

NTSTATUS MailboxRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    PIRP letter = MailboxTakeLetter(DeviceObject->DeviceExtension);

    if (letter == NULL) {
        return MailboxComplete(Irp, STATUS_DEVICE_NOT_READY, 0);
    }
    length = min(length, IoGetCurrentIrpStackLocation(letter)->Parameters.Write.Length);
    if (length != 0) {
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, letter->AssociatedIrp.SystemBuffer, length);
    }
    MailboxComplete(letter, STATUS_SUCCESS, length);
    return MailboxComplete(Irp, STATUS_SUCCESS, length);
}

/* The last handle of a file object is closed: its letters go back. */
NTSTATUS MailboxCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMAILBOX box = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    LIST_ENTRY returned;
    PLIST_ENTRY entry, next;
    KIRQL irql;

    InitializeListHead(&returned);
    KeAcquireSpinLock(&box->Lock, &irql);
    for (entry = box->Letters.Flink; entry != &box->Letters; entry = next) {
        PIRP letter = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        next = entry->Flink;
        if (IoGetCurrentIrpStackLocation(letter)->FileObject != file || IoSetCancelRoutine(letter, NULL) == NULL) {
            continue; /* somebody else's, or IoCancelIrp has it already */
        }
#ifdef FIXED
        RemoveEntryList(entry);
        InsertTailList(&returned, entry); /* completed below, when the lock is free */
#else
        IoAcquireCancelSpinLock(&letter->CancelIrql);
        MailboxCancel(DeviceObject, letter); /* BUG: takes box->Lock, which is held here */
#endif
    }
    KeReleaseSpinLock(&box->Lock, irql);

    while (!IsListEmpty(&returned)) {
        entry = RemoveHeadList(&returned);
        MailboxComplete(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), STATUS_CANCELLED, 0);
    }
    return MailboxComplete(Irp, STATUS_SUCCESS, 0);
}

VOID MailboxUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&MailboxLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PMAILBOX box;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(MAILBOX), &MailboxDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    box = device->DeviceExtension;
    KeInitializeSpinLock(&box->Lock);
    InitializeListHead(&box->Letters);
    status = IoCreateSymbolicLink(&MailboxLinkName, &MailboxDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = MailboxCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = MailboxCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = MailboxCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = MailboxRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = MailboxWrite;
    DriverObject->DriverUnload = MailboxUnload;
    return STATUS_SUCCESS;
}
