/* wdmfuzz-sample: uninitlock
 * kind: seeded
 * pattern: A13
 * class: S
 * rule: LockNotInitialized
 * function: TallyWrite
 * line: 76
 * calls: 2
 * preemptions: 0
 * A tally for each handle. Create allocates the tally and hangs it on the file object, a write adds its bytes under
 * the tally's spin lock, a read returns the sum. Nobody initialises the lock: zeroed memory happens to be a free spin
 * lock, so it seems to work, until the kernel stores something else in one (Driver Verifier does, debug kernels do).
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define TALLY_TAG 'ylaT'

typedef struct _TALLY {
    KSPIN_LOCK Lock; /* guards Sum */
    ULONG Sum;
} TALLY, *PTALLY;

typedef struct _DEVICE_EXTENSION {
    volatile LONG Opens;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD TallyUnload;
DRIVER_DISPATCH TallyCreate, TallyRead, TallyWrite, TallyClose;

static UNICODE_STRING TallyDeviceName = RTL_CONSTANT_STRING(L"\\Device\\UninitLock");
static UNICODE_STRING TallyLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\UninitLock");

static NTSTATUS TallyComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS TallyCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PTALLY tally = ExAllocatePoolWithTag(NonPagedPool, sizeof(TALLY), TALLY_TAG);

    if (tally == NULL) {
        return TallyComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    RtlZeroMemory(tally, sizeof(*tally));
#ifdef FIXED
    KeInitializeSpinLock(&tally->Lock);
#else
    /* BUG: no KeInitializeSpinLock for tally->Lock */
#endif
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = tally;
    InterlockedIncrement(&ext->Opens);
    return TallyComplete(Irp, STATUS_SUCCESS, 0);
}

NTSTATUS TallyWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PTALLY tally = stack->FileObject->FsContext;
    PUCHAR bytes = Irp->AssociatedIrp.SystemBuffer;
    ULONG length = stack->Parameters.Write.Length;
    ULONG sum = 0;
    KIRQL irql;
    ULONG i;

    UNREFERENCED_PARAMETER(DeviceObject);
    for (i = 0; i < length; i++) {
        sum += bytes[i];
    }
    KeAcquireSpinLock(&tally->Lock, &irql);
    tally->Sum += sum;
    KeReleaseSpinLock(&tally->Lock, irql);
    return TallyComplete(Irp, STATUS_SUCCESS, length);
}

NTSTATUS TallyRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PTALLY tally = stack->FileObject->FsContext;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (stack->Parameters.Read.Length < sizeof(ULONG)) {
        return TallyComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    KeAcquireSpinLock(&tally->Lock, &irql);
    *(PULONG)Irp->AssociatedIrp.SystemBuffer = tally->Sum;
    KeReleaseSpinLock(&tally->Lock, irql);
    return TallyComplete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}

/* No request of this file is under way any more. */
NTSTATUS TallyClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    ExFreePoolWithTag(IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext, TALLY_TAG);
    InterlockedDecrement(&ext->Opens);
    return TallyComplete(Irp, STATUS_SUCCESS, 0);
}

VOID TallyUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&TallyLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &TallyDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    ext = device->DeviceExtension;
    ext->Opens = 0;
    status = IoCreateSymbolicLink(&TallyLinkName, &TallyDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = TallyCreate;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = TallyClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = TallyRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = TallyWrite;
    DriverObject->DriverUnload = TallyUnload;
    return STATUS_SUCCESS;
}
