/* wdmfuzz-sample: pendingcompleted
 * kind: seeded
 * pattern: D05
 * class: S
 * rule: MarkIrpPending2, PendedCompletedRequest
 * function: EchoWrite
 * line: any
 * calls: 2
 * preemptions: 0
 * A write is completed at once. The routine returns STATUS_PENDING all the same: the caller waits for a completion
 * that was there already.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH EchoWrite;

NTSTATUS EchoWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    UNREFERENCED_PARAMETER(DeviceObject);
#ifdef FIXED
    return Complete(Irp, STATUS_SUCCESS, length);
#else
    Complete(Irp, STATUS_SUCCESS, length);
    return STATUS_PENDING; /* BUG: it is not */
#endif
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = CreatePatternDevice(DriverObject, 0, &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (NT_SUCCESS(status)) {
        DriverObject->MajorFunction[IRP_MJ_WRITE] = EchoWrite;
    }
    return status;
}
