/* wdmfuzz-sample: stalenext
 * kind: seeded
 * pattern: F05
 * class: P1
 * rule: heap-use-after-free, BugCheck
 * function: ClubWrite
 * line: any
 * calls: 4
 * preemptions: 1
 * Every handle is a member of a list. A write tells all members; for each of them it gives up the lock, with a
 * pointer to the next one in hand, and that one may be closed by then.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define CLUB_TAG 'bulC'

typedef struct _MEMBER {
    LIST_ENTRY ListEntry;
    ULONG Told;
} MEMBER, *PMEMBER;

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Members and what is in them */
    LIST_ENTRY Members;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH ClubCreate, ClubClose, ClubWrite;

NTSTATUS ClubCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PMEMBER member = ExAllocatePoolWithTag(NonPagedPool, sizeof(MEMBER), CLUB_TAG);

    if (member == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    member->Told = 0;
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = member;
    ExInterlockedInsertTailList(&ext->Members, &member->ListEntry, &ext->Lock);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS ClubClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PMEMBER member = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    RemoveEntryList(&member->ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    ExFreePoolWithTag(member, CLUB_TAG);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS ClubWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PLIST_ENTRY entry, next;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    for (entry = ext->Members.Flink; entry != &ext->Members; entry = next) {
        next = entry->Flink;
        CONTAINING_RECORD(entry, MEMBER, ListEntry)->Told++;
#ifndef FIXED
        KeReleaseSpinLock(&ext->Lock, irql); /* BUG: `next` is nobody's from here on */
        KeAcquireSpinLock(&ext->Lock, &irql);
#endif
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    return Complete(Irp, STATUS_SUCCESS, 0);
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
    InitializeListHead(&ext->Members);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = ClubCreate;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ClubClose;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = ClubWrite;
    return STATUS_SUCCESS;
}
