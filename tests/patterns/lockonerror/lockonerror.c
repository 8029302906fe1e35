/* wdmfuzz-sample: lockonerror
 * kind: seeded
 * pattern: A03
 * class: S+F
 * rule: SpinLockSafe, SpinLock
 * function: NoteWrite
 * line: any
 * calls: 2
 * preemptions: 0
 * A write keeps a note of its length in a list. When there is no pool for the note, the request is failed at once,
 * and nobody releases the list's spin lock.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define NOTE_TAG 'etoN'

typedef struct _NOTE {
    LIST_ENTRY ListEntry;
    ULONG Length;
} NOTE, *PNOTE;

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Notes */
    LIST_ENTRY Notes;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD NoteUnload;
DRIVER_DISPATCH NoteWrite;

NTSTATUS NoteWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PNOTE note;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    note = ExAllocatePoolWithTag(NonPagedPool, sizeof(NOTE), NOTE_TAG);
    if (note == NULL) {
#ifdef FIXED
        KeReleaseSpinLock(&ext->Lock, irql);
#endif
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0); /* BUG: with the lock held */
    }
    note->Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    InsertTailList(&ext->Notes, &note->ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    return Complete(Irp, STATUS_SUCCESS, note->Length);
}

VOID NoteUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    while (!IsListEmpty(&ext->Notes)) {
        ExFreePoolWithTag(CONTAINING_RECORD(RemoveHeadList(&ext->Notes), NOTE, ListEntry), NOTE_TAG);
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
    InitializeListHead(&ext->Notes);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = NoteWrite;
    DriverObject->DriverUnload = NoteUnload;
    return STATUS_SUCCESS;
}
