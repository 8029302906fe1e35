/* wdmfuzz-sample: threeway
 * kind: seeded
 * pattern: C17
 * class: P1
 * rule: IrpNeverCompleted
 * function: AskWrite, AskRead
 * line: any
 * calls: 4
 * preemptions: 1
 * A question (read) is answered by a write, or ended by a timer when nobody answers. Cancelling only marks the
 * question and leaves the rest to the timer. The answer takes the question off the list before it asks for the cancel
 * routine; when that has run, the answer relies on the timer, which finds nothing any more.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define ASK_TAG ' ksA'
#define TICK_100NS (-10 * 10000LL) /* 10 ms from now */

typedef struct _QUESTION {
    LIST_ENTRY ListEntry;
    PIRP Irp;
    BOOLEAN Ended; /* cancelled, or marked as too old by the timer */
} QUESTION, *PQUESTION;

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Questions and what is in them */
    LIST_ENTRY Questions;
    KTIMER Timer; /* set while there are questions */
    KDPC Dpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD AskUnload;
DRIVER_DISPATCH AskRead, AskWrite;
DRIVER_CANCEL AskCancel;
KDEFERRED_ROUTINE AskTick;

static VOID AskSetTimer(PDEVICE_EXTENSION Ext)
{
    LARGE_INTEGER due;

    due.QuadPart = TICK_100NS;
    KeSetTimer(&Ext->Timer, due, &Ext->Dpc);
}

static VOID AskEnd(PQUESTION Question, NTSTATUS Status)
{
    Complete(Question->Irp, Status, 0);
    ExFreePoolWithTag(Question, ASK_TAG);
}

VOID AskCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ((PQUESTION)Irp->Tail.Overlay.DriverContext[0])->Ended = TRUE;
    KeReleaseSpinLock(&ext->Lock, irql);
}

/* Completes what has ended, and ends what has waited for a tick. */
VOID AskTick(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDEVICE_EXTENSION ext = DeferredContext;
    LIST_ENTRY done;
    PLIST_ENTRY entry, next;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    InitializeListHead(&done);
    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    for (entry = ext->Questions.Flink; entry != &ext->Questions; entry = next) {
        PQUESTION question = CONTAINING_RECORD(entry, QUESTION, ListEntry);

        next = entry->Flink;
        if (question->Ended || IoSetCancelRoutine(question->Irp, NULL) != NULL) {
            RemoveEntryList(entry);
            InsertTailList(&done, entry);
        }
    }
    if (!IsListEmpty(&ext->Questions)) {
        AskSetTimer(ext);
    }
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
    while (!IsListEmpty(&done)) {
        AskEnd(CONTAINING_RECORD(RemoveHeadList(&done), QUESTION, ListEntry), STATUS_CANCELLED);
    }
}

NTSTATUS AskRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PQUESTION question = ExAllocatePoolWithTag(NonPagedPool, sizeof(QUESTION), ASK_TAG);
    KIRQL irql;

    if (question == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    question->Irp = Irp;
    question->Ended = FALSE;
    Irp->Tail.Overlay.DriverContext[0] = question;
    KeAcquireSpinLock(&ext->Lock, &irql);
    IoSetCancelRoutine(Irp, AskCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&ext->Lock, irql);
        AskEnd(question, STATUS_CANCELLED);
        return STATUS_CANCELLED;
    }
    IoMarkIrpPending(Irp);
    if (IsListEmpty(&ext->Questions)) {
        AskSetTimer(ext);
    }
    InsertTailList(&ext->Questions, &question->ListEntry);
    KeReleaseSpinLock(&ext->Lock, irql);
    return STATUS_PENDING;
}

/* Answers the oldest question that has not ended. */
NTSTATUS AskWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PQUESTION answered = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    for (entry = ext->Questions.Flink; entry != &ext->Questions; entry = entry->Flink) {
        PQUESTION question = CONTAINING_RECORD(entry, QUESTION, ListEntry);

        if (question->Ended) {
            continue;
        }
#ifdef FIXED
        if (IoSetCancelRoutine(question->Irp, NULL) != NULL) {
            RemoveEntryList(entry);
            answered = question;
        }
#else
        RemoveEntryList(entry); /* BUG: AskTick will look for it here */
        if (IoSetCancelRoutine(question->Irp, NULL) != NULL) {
            answered = question;
        }
#endif
        break;
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    if (answered != NULL) {
        AskEnd(answered, STATUS_SUCCESS);
    }
    return Complete(Irp, STATUS_SUCCESS, 0);
}

VOID AskUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    KeCancelTimer(&ext->Timer);
    KeFlushQueuedDpcs();
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
    InitializeListHead(&ext->Questions);
    KeInitializeTimer(&ext->Timer);
    KeInitializeDpc(&ext->Dpc, AskTick, ext);
    DriverObject->MajorFunction[IRP_MJ_READ] = AskRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = AskWrite;
    DriverObject->DriverUnload = AskUnload;
    return STATUS_SUCCESS;
}
