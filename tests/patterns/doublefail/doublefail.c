/* wdmfuzz-sample: doublefail
 * kind: seeded
 * pattern: D09
 * class: S+F
 * rule: DoubleCompletion, heap-use-after-free
 * function: CopySend, CopyWrite
 * line: any
 * calls: 2
 * preemptions: 0
 * For each write the driver sends an IRP of its own to the device below, whose completion routine completes the
 * write. When the device below fails at once, that routine has run, and CopyWrite completes the write again.
 */
/* SPDX-License-Identifier: MIT */
#include "../filter.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH CopyWrite;
IO_COMPLETION_ROUTINE CopyDone;

NTSTATUS CopyDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    NTSTATUS status = Irp->IoStatus.Status;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoFreeIrp(Irp);
    Complete(Context, status, 0);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Returns the status of IoCallDriver. CopyDone completes Irp, unless the status is STATUS_INSUFFICIENT_RESOURCES. */
static NTSTATUS CopySend(PDEVICE_OBJECT Below, PIRP Irp)
{
    PIRP copy = IoAllocateIrp(Below->StackSize, FALSE);

    if (copy == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IoGetNextIrpStackLocation(copy)->MajorFunction = IRP_MJ_WRITE;
    IoSetCompletionRoutine(copy, CopyDone, Irp, TRUE, TRUE, TRUE);
    return IoCallDriver(Below, copy);
}

NTSTATUS CopyWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status;

    IoMarkIrpPending(Irp);
    status = CopySend(Lower(DeviceObject), Irp);
#ifdef FIXED
    if (status == STATUS_INSUFFICIENT_RESOURCES) {
#else
    if (!NT_SUCCESS(status)) { /* BUG: CopyDone has completed it already */
#endif
        Complete(Irp, status, 0);
    }
    return STATUS_PENDING;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    FilterEntry(DriverObject);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = CopyWrite;
    return STATUS_SUCCESS;
}
