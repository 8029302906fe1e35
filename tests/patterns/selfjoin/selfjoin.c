/* wdmfuzz-sample: selfjoin
 * kind: seeded
 * pattern: E15
 * class: S
 * rule: Deadlock
 * function: LinkDetach
 * line: any
 * calls: 2
 * preemptions: 0
 * A link is served by a thread. A write tells the thread to detach; detaching waits for the end of the thread, also
 * when it is the thread itself that detaches.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    PVOID Thread;
    KEVENT Work;            /* there is something to look at */
    volatile LONG Detach;   /* a write asks for it */
    volatile LONG Stop;     /* the thread ends */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LinkUnload;
DRIVER_DISPATCH LinkWrite;
KSTART_ROUTINE LinkThread;

/* Stops the thread and waits for its end. */
static VOID LinkDetach(PDEVICE_EXTENSION Ext)
{
    InterlockedExchange(&Ext->Stop, 1);
    KeSetEvent(&Ext->Work, IO_NO_INCREMENT, FALSE);
#ifdef FIXED
    if (PsGetCurrentThread() == Ext->Thread) {
        return;
    }
#endif
    KeWaitForSingleObject(Ext->Thread, Executive, KernelMode, FALSE, NULL); /* BUG: it may be this thread */
}

VOID LinkThread(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;

    do {
        KeWaitForSingleObject(&ext->Work, Executive, KernelMode, FALSE, NULL);
        if (InterlockedExchange(&ext->Detach, 0)) {
            LinkDetach(ext);
        }
    } while (!InterlockedCompareExchange(&ext->Stop, 0, 0));
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NTSTATUS LinkWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    InterlockedExchange(&ext->Detach, 1);
    KeSetEvent(&ext->Work, IO_NO_INCREMENT, FALSE);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

VOID LinkUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    LinkDetach(ext);
    ObDereferenceObject(ext->Thread);
    DeletePatternDevice(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    HANDLE thread;
    NTSTATUS status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeEvent(&ext->Work, SynchronizationEvent, FALSE);
    status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, LinkThread, ext);
    if (!NT_SUCCESS(status)) {
        DeletePatternDevice(DriverObject);
        return status;
    }
    ObReferenceObjectByHandle(thread, SYNCHRONIZE, *PsThreadType, KernelMode, &ext->Thread, NULL);
    ZwClose(thread);
    DriverObject->MajorFunction[IRP_MJ_WRITE] = LinkWrite;
    DriverObject->DriverUnload = LinkUnload;
    return STATUS_SUCCESS;
}
