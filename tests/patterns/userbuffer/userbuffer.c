/* wdmfuzz-sample: userbuffer
 * kind: seeded
 * pattern: B13
 * class: S
 * rule: SEGV, BugCheck
 * function: SumControl
 * line: any
 * calls: 2
 * preemptions: 0
 * A METHOD_NEITHER control adds a number of user mode's to a sum. Its pointer is probed inside __try, and followed
 * with a spin lock held, where a page that is not resident cannot be brought in.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define IOCTL_SUM_ADD CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_NEITHER, FILE_ANY_ACCESS)

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Sum */
    ULONG Sum;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH SumControl;

NTSTATUS SumControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PULONG number = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    volatile ULONG captured = 0;
    KIRQL irql;

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_SUM_ADD ||
        stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG)) {
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    __try {
        ProbeForRead(number, sizeof(ULONG), sizeof(ULONG));
#ifdef FIXED
        captured = *(volatile ULONG *)number;
#endif
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (!NT_SUCCESS(status)) {
        return Complete(Irp, status, 0);
    }
    KeAcquireSpinLock(&ext->Lock, &irql);
#ifndef FIXED
    captured = *(volatile ULONG *)number; /* BUG: user memory at DISPATCH_LEVEL */
#endif
    ext->Sum += captured;
    KeReleaseSpinLock(&ext->Lock, irql);
    return Complete(Irp, STATUS_SUCCESS, 0);
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
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SumControl;
    return STATUS_SUCCESS;
}
