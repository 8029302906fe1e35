/* wdmfuzz-sample: touchaftersend
 * kind: seeded
 * pattern: D11
 * class: S
 * rule: heap-use-after-free
 * function: TraceWrite
 * line: any
 * calls: 2
 * preemptions: 0
 * A filter keeps a record of each write that it passes down; the completion routine frees it. TraceWrite notes in the
 * record that the write was sent, when it may be completed already.
 */
/* SPDX-License-Identifier: MIT */
#include "../filter.h"

#define TRACE_TAG 'carT'

typedef struct _RECORD {
    BOOLEAN Sent;
    NTSTATUS Status;
} RECORD, *PRECORD;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH TraceWrite;
IO_COMPLETION_ROUTINE TraceDone;

NTSTATUS TraceDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
    }
    ExFreePoolWithTag(Context, TRACE_TAG);
    return STATUS_CONTINUE_COMPLETION;
}

NTSTATUS TraceWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRECORD record = ExAllocatePoolWithTag(NonPagedPool, sizeof(RECORD), TRACE_TAG);
    NTSTATUS status;

    if (record == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, TraceDone, record, TRUE, TRUE, TRUE);
#ifdef FIXED
    record->Sent = TRUE;
    status = IoCallDriver(Lower(DeviceObject), Irp);
#else
    status = IoCallDriver(Lower(DeviceObject), Irp);
    record->Sent = TRUE; /* BUG: TraceDone frees the record */
#endif
    return status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    FilterEntry(DriverObject);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = TraceWrite;
    return STATUS_SUCCESS;
}
