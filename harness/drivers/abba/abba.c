/* wdmfuzz-sample: abba
 * kind: seeded
 * pattern: F01
 * class: S
 * rule: LockOrder, Deadlock
 * function: BankAudit, BankWrite
 * line: any
 * calls: 3
 * preemptions: 0
 * A bank with a ledger and a journal, each with its own spin lock. A write books its bytes in the ledger and, inside,
 * notes them in the journal. A read audits: it takes the journal first and the ledger inside. When both run at once on
 * two processors, each can hold the lock that the other one needs. The order alone is the bug: it need not hang today.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK LedgerLock; /* guards Balance; comes first */
    ULONG Balance;
    KSPIN_LOCK JournalLock; /* guards Bookings and Booked */
    ULONG Bookings;
    ULONG Booked;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD BankUnload;
DRIVER_DISPATCH BankCreateClose, BankRead, BankWrite;

static UNICODE_STRING BankDeviceName = RTL_CONSTANT_STRING(L"\\Device\\Abba");
static UNICODE_STRING BankLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\Abba");

static NTSTATUS BankComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS BankWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KIRQL irql;

    KeAcquireSpinLock(&ext->LedgerLock, &irql);
    ext->Balance += length;
    KeAcquireSpinLockAtDpcLevel(&ext->JournalLock);
    ext->Bookings++;
    ext->Booked += length;
    KeReleaseSpinLockFromDpcLevel(&ext->JournalLock);
    KeReleaseSpinLock(&ext->LedgerLock, irql);
    return BankComplete(Irp, STATUS_SUCCESS, length);
}

/* Do the books agree? */
static BOOLEAN BankAudit(PDEVICE_EXTENSION Ext)
{
    BOOLEAN agree;
    KIRQL irql;

#ifdef FIXED
    KeAcquireSpinLock(&Ext->LedgerLock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->JournalLock);
    agree = Ext->Balance == Ext->Booked;
    KeReleaseSpinLockFromDpcLevel(&Ext->JournalLock);
    KeReleaseSpinLock(&Ext->LedgerLock, irql);
#else
    KeAcquireSpinLock(&Ext->JournalLock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->LedgerLock); /* BUG: BankWrite takes the ledger first */
    agree = Ext->Balance == Ext->Booked;
    KeReleaseSpinLockFromDpcLevel(&Ext->LedgerLock);
    KeReleaseSpinLock(&Ext->JournalLock, irql);
#endif
    return agree;
}

NTSTATUS BankRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    BOOLEAN agree = BankAudit(DeviceObject->DeviceExtension);

    return BankComplete(Irp, agree ? STATUS_SUCCESS : STATUS_DATA_ERROR, 0);
}

NTSTATUS BankCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return BankComplete(Irp, STATUS_SUCCESS, 0);
}

VOID BankUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&BankLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &BankDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->LedgerLock);
    KeInitializeSpinLock(&ext->JournalLock);
    status = IoCreateSymbolicLink(&BankLinkName, &BankDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = BankCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = BankCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = BankRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = BankWrite;
    DriverObject->DriverUnload = BankUnload;
    return STATUS_SUCCESS;
}
