/* wdmfuzz-sample: eventlike
 * kind: clean
 * An alarm clock, shaped like a driver that notifies user mode of events. IOCTL_ALARM_SET pends; its input says after
 * how many 100 ns units it rings, and the timer DPC of that request completes it. Each request has a record with its
 * own timer and DPC. The spin lock decides who finishes a request: whoever clears its cancel routine while holding it.
 * The record is freed by the DPC, or by whoever took the timer away before its DPC was queued. Cleanup cancels the
 * requests of its handle. The speed benchmark runs this driver.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define IOCTL_ALARM_SET CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define ALARM_TAG 'mrlA'
#define ALARM_DEFAULT_100NS (50 * 10000LL) /* 50 ms */

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;   /* guards Alarms and every field of a record that says so */
    LIST_ENTRY Alarms; /* the records of the pended IRPs */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

typedef struct _ALARM {
    LIST_ENTRY Link; /* Lock */
    PIRP Irp;        /* Lock; NULL once the request is cancelled */
    BOOLEAN Rung;    /* Lock; the DPC came while the cancel routine was under way, and left the record to it */
    PFILE_OBJECT File;
    PDEVICE_EXTENSION Extension;
    KTIMER Timer;
    KDPC Dpc;
} ALARM, *PALARM;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD AlarmUnload;
DRIVER_DISPATCH AlarmCreateClose, AlarmControl, AlarmCleanup;
DRIVER_CANCEL AlarmCancel;
KDEFERRED_ROUTINE AlarmDpc;

static UNICODE_STRING AlarmDeviceName = RTL_CONSTANT_STRING(L"\\Device\\EventLike");
static UNICODE_STRING AlarmLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\EventLike");

static NTSTATUS AlarmComplete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* Takes a cancelled request off the list. TRUE when the caller has to free the record, else the DPC does.
 * Requires: Lock. */
static BOOLEAN AlarmDetach(PALARM Alarm)
{
    RemoveEntryList(&Alarm->Link);
    Alarm->Irp = NULL;
    return KeCancelTimer(&Alarm->Timer) || Alarm->Rung;
}

VOID AlarmDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PALARM alarm = DeferredContext;
    PDEVICE_EXTENSION ext = alarm->Extension;
    PIRP irp;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    irp = alarm->Irp;
    if (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL) {
        alarm->Rung = TRUE; /* AlarmCancel is on its way, and finishes both */
        KeReleaseSpinLockFromDpcLevel(&ext->Lock);
        return;
    }
    if (irp != NULL) {
        RemoveEntryList(&alarm->Link);
    }
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);

    ExFreePoolWithTag(alarm, ALARM_TAG);
    if (irp != NULL) {
        AlarmComplete(irp, STATUS_SUCCESS);
    }
}

VOID AlarmCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PALARM alarm = Irp->Tail.Overlay.DriverContext[0];
    BOOLEAN ours;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ours = AlarmDetach(alarm);
    KeReleaseSpinLock(&ext->Lock, irql);
    if (ours) {
        ExFreePoolWithTag(alarm, ALARM_TAG);
    }
    AlarmComplete(Irp, STATUS_CANCELLED);
}

/* 0 or nonsense stands for the default. */
static LONGLONG AlarmDelay(PIRP Irp)
{
    LONGLONG delay = 0;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength >= sizeof(LONGLONG)) {
        RtlCopyMemory(&delay, Irp->AssociatedIrp.SystemBuffer, sizeof(delay));
    }
    return delay > 0 && delay < 1000 * ALARM_DEFAULT_100NS ? delay : ALARM_DEFAULT_100NS;
}

static NTSTATUS AlarmSet(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    PALARM alarm = ExAllocatePoolWithTag(NonPagedPool, sizeof(ALARM), ALARM_TAG);
    LARGE_INTEGER due;
    KIRQL irql;

    if (alarm == NULL) {
        return AlarmComplete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    }
    alarm->Irp = Irp;
    alarm->Rung = FALSE;
    alarm->File = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    alarm->Extension = Ext;
    KeInitializeTimer(&alarm->Timer);
    KeInitializeDpc(&alarm->Dpc, AlarmDpc, alarm);
    due.QuadPart = -AlarmDelay(Irp);
    Irp->Tail.Overlay.DriverContext[0] = alarm;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, AlarmCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&Ext->Lock, irql);
        ExFreePoolWithTag(alarm, ALARM_TAG);
        AlarmComplete(Irp, STATUS_CANCELLED);
        return STATUS_PENDING;
    }
    InsertTailList(&Ext->Alarms, &alarm->Link);
    KeSetTimer(&alarm->Timer, due, &alarm->Dpc);
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_PENDING;
}

NTSTATUS AlarmControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode != IOCTL_ALARM_SET) {
        return AlarmComplete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    return AlarmSet(DeviceObject->DeviceExtension, Irp);
}

NTSTATUS AlarmCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    LIST_ENTRY cancelled;
    PLIST_ENTRY entry, next;
    KIRQL irql;

    InitializeListHead(&cancelled);
    KeAcquireSpinLock(&ext->Lock, &irql);
    for (entry = ext->Alarms.Flink; entry != &ext->Alarms; entry = next) {
        PALARM alarm = CONTAINING_RECORD(entry, ALARM, Link);
        PIRP pending = alarm->Irp;

        next = entry->Flink;
        if (alarm->File != file || IoSetCancelRoutine(pending, NULL) == NULL) {
            continue; /* another handle's, or AlarmCancel is on its way */
        }
        if (AlarmDetach(alarm)) {
            ExFreePoolWithTag(alarm, ALARM_TAG);
        }
        InsertTailList(&cancelled, &pending->Tail.Overlay.ListEntry);
    }
    KeReleaseSpinLock(&ext->Lock, irql);

    while (!IsListEmpty(&cancelled)) {
        entry = RemoveHeadList(&cancelled);
        AlarmComplete(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), STATUS_CANCELLED);
    }
    return AlarmComplete(Irp, STATUS_SUCCESS);
}

NTSTATUS AlarmCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return AlarmComplete(Irp, STATUS_SUCCESS);
}

VOID AlarmUnload(PDRIVER_OBJECT DriverObject)
{
    KeFlushQueuedDpcs(); /* of cancelled requests, whose records they free */
    IoDeleteSymbolicLink(&AlarmLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &AlarmDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    InitializeListHead(&ext->Alarms);
    status = IoCreateSymbolicLink(&AlarmLinkName, &AlarmDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = AlarmCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = AlarmCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = AlarmCleanup;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = AlarmControl;
    DriverObject->DriverUnload = AlarmUnload;
    return STATUS_SUCCESS;
}
