/* wdmfuzz-sample: notifyleft
 * kind: seeded
 * pattern: E17
 * class: S
 * rule: BugCheck
 * function: any
 * line: any
 * calls: 2
 * preemptions: 0
 * The first write asks to be told of new processes. Unload forgets that, and the next new process calls a routine
 * that is no more there.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

typedef struct _DEVICE_EXTENSION {
    volatile LONG Registered; /* interlocked */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

static volatile LONG WatchProcesses; /* interlocked */

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD WatchUnload;
DRIVER_DISPATCH WatchWrite;

static VOID WatchNotify(HANDLE ParentId, HANDLE ProcessId, BOOLEAN Create)
{
    UNREFERENCED_PARAMETER(ParentId);
    UNREFERENCED_PARAMETER(ProcessId);
    if (Create) {
        InterlockedIncrement(&WatchProcesses);
    }
}

NTSTATUS WatchWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    NTSTATUS status = STATUS_SUCCESS;

    if (!InterlockedExchange(&ext->Registered, 1)) {
        status = PsSetCreateProcessNotifyRoutine(WatchNotify, FALSE);
        if (!NT_SUCCESS(status)) {
            InterlockedExchange(&ext->Registered, 0);
        }
    }
    return Complete(Irp, status, 0);
}

VOID WatchUnload(PDRIVER_OBJECT DriverObject)
{
#ifdef FIXED
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    if (ext->Registered) {
        PsSetCreateProcessNotifyRoutine(WatchNotify, TRUE);
    }
#endif
    DeletePatternDevice(DriverObject); /* BUG: WatchNotify stays registered */
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (NT_SUCCESS(status)) {
        DriverObject->MajorFunction[IRP_MJ_WRITE] = WatchWrite;
        DriverObject->DriverUnload = WatchUnload;
    }
    return status;
}
