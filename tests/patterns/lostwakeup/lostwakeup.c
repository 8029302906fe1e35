/* wdmfuzz-sample: lostwakeup
 * kind: seeded
 * pattern: F11
 * class: P1
 * rule: Deadlock, IrpNeverCompleted
 * function: ReadyWrite
 * line: any
 * calls: 2
 * preemptions: 1
 * A write has a work item do something and waits until it is ready. It clears the event when it has seen that it has
 * to wait: the work item's signal in between is lost.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define READY_TAG 'ydaR'

typedef struct _JOB {
    volatile LONG Ready; /* interlocked */
    KEVENT Event;
} JOB, *PJOB;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH ReadyWrite;
IO_WORKITEM_ROUTINE ReadyWork;

VOID ReadyWork(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PJOB job = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    InterlockedExchange(&job->Ready, 1);
    KeSetEvent(&job->Event, IO_NO_INCREMENT, FALSE);
}

NTSTATUS ReadyWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_WORKITEM item = IoAllocateWorkItem(DeviceObject);
    PJOB job = ExAllocatePoolWithTag(NonPagedPool, sizeof(JOB), READY_TAG);

    if (item == NULL || job == NULL) {
        if (item != NULL) {
            IoFreeWorkItem(item);
        }
        if (job != NULL) {
            ExFreePoolWithTag(job, READY_TAG);
        }
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    job->Ready = 0;
    KeInitializeEvent(&job->Event, NotificationEvent, FALSE);
    IoQueueWorkItem(item, ReadyWork, DelayedWorkQueue, job);
#ifndef FIXED
    if (!InterlockedCompareExchange(&job->Ready, 0, 0)) {
        KeClearEvent(&job->Event); /* BUG: ReadyWork may have set it just now */
        KeWaitForSingleObject(&job->Event, Executive, KernelMode, FALSE, NULL);
    }
#endif
    KeWaitForSingleObject(&job->Event, Executive, KernelMode, FALSE, NULL); /* ReadyWork may be about to signal */
    IoFreeWorkItem(item);
    ExFreePoolWithTag(job, READY_TAG);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = CreatePatternDevice(DriverObject, 0, &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (NT_SUCCESS(status)) {
        DriverObject->MajorFunction[IRP_MJ_WRITE] = ReadyWrite;
    }
    return status;
}
