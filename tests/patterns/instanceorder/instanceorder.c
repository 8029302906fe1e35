/* wdmfuzz-sample: instanceorder
 * kind: seeded
 * pattern: F03
 * class: S
 * rule: LockOrder, Deadlock
 * function: MoveBetween
 * line: any
 * calls: 3
 * preemptions: 0
 * Four accounts, each with a lock of its own. A control moves money between two of them, and takes their locks in the
 * order in which the caller names them.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define IOCTL_MOVE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define ACCOUNTS 4

typedef struct _ACCOUNT {
    KSPIN_LOCK Lock; /* guards Money */
    LONG Money;
} ACCOUNT, *PACCOUNT;

typedef struct _DEVICE_EXTENSION {
    ACCOUNT Accounts[ACCOUNTS];
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH MoveControl;

static VOID MoveBetween(PACCOUNT From, PACCOUNT To)
{
    PACCOUNT first = From, second = To;
    KIRQL irql;

#ifdef FIXED
    if (From > To) {
        first = To;
        second = From;
    }
#endif
    KeAcquireSpinLock(&first->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&second->Lock); /* BUG: another move may name the two the other way round */
    From->Money--;
    To->Money++;
    KeReleaseSpinLockFromDpcLevel(&second->Lock);
    KeReleaseSpinLock(&first->Lock, irql);
}

NTSTATUS MoveControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PUCHAR accounts = Irp->AssociatedIrp.SystemBuffer;

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_MOVE ||
        stack->Parameters.DeviceIoControl.InputBufferLength < 2 ||
        accounts[0] % ACCOUNTS == accounts[1] % ACCOUNTS) {
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    MoveBetween(&ext->Accounts[accounts[0] % ACCOUNTS], &ext->Accounts[accounts[1] % ACCOUNTS]);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    ULONG i;
    NTSTATUS status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    for (i = 0; i < ACCOUNTS; i++) {
        KeInitializeSpinLock(&ext->Accounts[i].Lock);
    }
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = MoveControl;
    return STATUS_SUCCESS;
}
