/* wdmfuzz-sample: exinterlocked
 * kind: seeded
 * pattern: A19
 * class: S
 * rule: SpinLock, Deadlock
 * function: LogWrite
 * line: any
 * calls: 2
 * preemptions: 0
 * A write logs its length. The entry is put into the list with ExInterlockedInsertTailList, which takes the lock that
 * LogWrite holds already.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define LOG_TAG 'goLL'

typedef struct _LOG_ENTRY {
    LIST_ENTRY ListEntry;
    ULONG Length;
} LOG_ENTRY, *PLOG_ENTRY;

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Log and Total */
    LIST_ENTRY Log;
    ULONG Total;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LogUnload;
DRIVER_DISPATCH LogWrite;

NTSTATUS LogWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PLOG_ENTRY entry = ExAllocatePoolWithTag(NonPagedPool, sizeof(LOG_ENTRY), LOG_TAG);
    KIRQL irql;

    if (entry == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    entry->Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Total += entry->Length;
#ifdef FIXED
    InsertTailList(&ext->Log, &entry->ListEntry);
#else
    ExInterlockedInsertTailList(&ext->Log, &entry->ListEntry, &ext->Lock); /* BUG: the lock is held */
#endif
    KeReleaseSpinLock(&ext->Lock, irql);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

VOID LogUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    while (!IsListEmpty(&ext->Log)) {
        ExFreePoolWithTag(CONTAINING_RECORD(RemoveHeadList(&ext->Log), LOG_ENTRY, ListEntry), LOG_TAG);
    }
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
    InitializeListHead(&ext->Log);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = LogWrite;
    DriverObject->DriverUnload = LogUnload;
    return STATUS_SUCCESS;
}
