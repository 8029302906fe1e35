/* wdmfuzz-sample: decrementreread
 * kind: seeded
 * pattern: D15
 * class: P2
 * rule: heap-use-after-free
 * function: JobPart, JobWrite
 * line: any
 * calls: 2
 * preemptions: 2
 * A write is done in two parts, each by a work item. The last part wakes the writer, which frees the job. Each part
 * counts itself out and looks at the counter again to see whether it was the last: both can be, or the job is gone.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define JOB_TAG ' boJ'
#define PARTS 2

typedef struct _JOB {
    volatile LONG Left; /* interlocked */
    KEVENT Done;
    PIO_WORKITEM Items[PARTS];
} JOB, *PJOB;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH JobWrite;
IO_WORKITEM_ROUTINE JobPart;

VOID JobPart(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PJOB job = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
#ifdef FIXED
    if (InterlockedDecrement(&job->Left) == 0) {
        KeSetEvent(&job->Done, IO_NO_INCREMENT, FALSE);
    }
#else
    InterlockedDecrement(&job->Left);
    if (job->Left == 0) { /* BUG: the other part may have been the last */
        KeSetEvent(&job->Done, IO_NO_INCREMENT, FALSE);
    }
#endif
}

static VOID JobFree(PJOB Job)
{
    ULONG i;

    for (i = 0; i < PARTS; i++) {
        if (Job->Items[i] != NULL) {
            IoFreeWorkItem(Job->Items[i]);
        }
    }
    ExFreePoolWithTag(Job, JOB_TAG);
}

static PJOB JobCreate(PDEVICE_OBJECT DeviceObject)
{
    PJOB job = ExAllocatePoolWithTag(NonPagedPool, sizeof(JOB), JOB_TAG);
    BOOLEAN complete = TRUE;
    ULONG i;

    if (job == NULL) {
        return NULL;
    }
    job->Left = PARTS;
    KeInitializeEvent(&job->Done, NotificationEvent, FALSE);
    for (i = 0; i < PARTS; i++) {
        job->Items[i] = IoAllocateWorkItem(DeviceObject);
        complete = complete && job->Items[i] != NULL;
    }
    if (!complete) {
        JobFree(job);
        return NULL;
    }
    return job;
}

NTSTATUS JobWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PJOB job = JobCreate(DeviceObject);
    ULONG i;

    if (job == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    for (i = 0; i < PARTS; i++) {
        IoQueueWorkItem(job->Items[i], JobPart, DelayedWorkQueue, job);
    }
    KeWaitForSingleObject(&job->Done, Executive, KernelMode, FALSE, NULL);
    JobFree(job);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = CreatePatternDevice(DriverObject, 0, &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (NT_SUCCESS(status)) {
        DriverObject->MajorFunction[IRP_MJ_WRITE] = JobWrite;
    }
    return status;
}
