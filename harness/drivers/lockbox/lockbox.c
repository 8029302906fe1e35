/* wdmfuzz-sample: lockbox
 * kind: clean
 * A box of counters, each under another kind of lock that waits or that has readers and writers: a resource, a push lock,
 * a mutex, a guarded mutex, an executive spin lock. Writes change them, reads look at them. Run-down protection closes
 * the box at unload; a threaded DPC, an IoTimer and an ExXxxTimer count along.
 */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    EX_RUNDOWN_REF Users;
    ERESOURCE Resource;
    EX_PUSH_LOCK PushLock;
    KMUTEX Mutex;
    KGUARDED_MUTEX GuardedMutex;
    EX_SPIN_LOCK SpinLock; /* also guards Ticks */
    ULONG ByResource, ByPushLock, ByMutex, ByGuardedMutex, BySpinLock;
    ULONG Ticks;
    KDPC Dpc;
    PEX_TIMER Timer;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD BoxUnload;
DRIVER_DISPATCH BoxCreateClose, BoxRead, BoxWrite;
KDEFERRED_ROUTINE BoxDpc;
IO_TIMER_ROUTINE BoxTick;
EXT_CALLBACK BoxTimer;

static UNICODE_STRING BoxDeviceName = RTL_CONSTANT_STRING(L"\\Device\\LockBox");
static UNICODE_STRING BoxLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\LockBox");

static NTSTATUS BoxComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID BoxCount(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = ExAcquireSpinLockExclusive(&Ext->SpinLock);

    Ext->Ticks++;
    ExReleaseSpinLockExclusive(&Ext->SpinLock, irql);
}

/* A threaded DPC: at PASSIVE_LEVEL or at DISPATCH_LEVEL. */
VOID BoxDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    BoxCount(Context);
}

VOID BoxTick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    BoxCount(Context);
}

VOID BoxTimer(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    BoxCount(Context);
}

static VOID BoxAdd(PDEVICE_EXTENSION Ext, ULONG Amount)
{
    KIRQL irql;

    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&Ext->Resource, TRUE);
    Ext->ByResource += Amount;
    ExAcquirePushLockExclusive(&Ext->PushLock);
    Ext->ByPushLock += Amount;
    ExReleasePushLockExclusive(&Ext->PushLock);
    ExConvertExclusiveToSharedLite(&Ext->Resource);
    NT_ASSERT(Ext->ByResource >= Amount);
    ExReleaseResourceLite(&Ext->Resource);
    KeLeaveCriticalRegion();

    KeWaitForSingleObject(&Ext->Mutex, Executive, KernelMode, FALSE, NULL);
    Ext->ByMutex += Amount;
    KeReleaseMutex(&Ext->Mutex, FALSE);

    KeAcquireGuardedMutex(&Ext->GuardedMutex);
    Ext->ByGuardedMutex += Amount;
    KeReleaseGuardedMutex(&Ext->GuardedMutex);

    irql = ExAcquireSpinLockShared(&Ext->SpinLock);
    if (ExTryConvertSharedSpinLockExclusive(&Ext->SpinLock)) {
        Ext->BySpinLock += Amount;
        ExReleaseSpinLockExclusive(&Ext->SpinLock, irql);
    } else {
        ExReleaseSpinLockShared(&Ext->SpinLock, irql);
        irql = ExAcquireSpinLockExclusive(&Ext->SpinLock);
        Ext->BySpinLock += Amount;
        ExReleaseSpinLockExclusive(&Ext->SpinLock, irql);
    }
}

/* Sums nothing that needs two locks at once, so each may be looked at in turn. */
static ULONG BoxLook(PDEVICE_EXTENSION Ext)
{
    ULONG seen;
    KIRQL irql;

    KeEnterCriticalRegion();
    if (!ExAcquireResourceSharedLite(&Ext->Resource, FALSE)) {
        ExAcquireSharedStarveExclusive(&Ext->Resource, TRUE);
    }
    seen = Ext->ByResource;
    ExReleaseResourceLite(&Ext->Resource);
    ExAcquirePushLockShared(&Ext->PushLock);
    seen += Ext->ByPushLock;
    ExReleasePushLockShared(&Ext->PushLock);
    KeLeaveCriticalRegion();

    irql = ExAcquireSpinLockShared(&Ext->SpinLock);
    seen += Ext->BySpinLock + Ext->Ticks;
    ExReleaseSpinLockShared(&Ext->SpinLock, irql);
    return seen;
}

NTSTATUS BoxWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    if (!ExAcquireRundownProtection(&ext->Users)) {
        return BoxComplete(Irp, STATUS_DELETE_PENDING, 0);
    }
    BoxAdd(ext, length);
    KeInsertQueueDpc(&ext->Dpc, NULL, NULL);
    ExSetTimer(ext->Timer, -10000, 0, NULL);
    ExReleaseRundownProtection(&ext->Users);
    return BoxComplete(Irp, STATUS_SUCCESS, length);
}

NTSTATUS BoxRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    ULONG seen;

    if (length < sizeof(ULONG)) {
        return BoxComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    if (!ExAcquireRundownProtection(&ext->Users)) {
        return BoxComplete(Irp, STATUS_DELETE_PENDING, 0);
    }
    seen = BoxLook(ext);
    ExReleaseRundownProtection(&ext->Users);
    *(PULONG)Irp->AssociatedIrp.SystemBuffer = seen;
    return BoxComplete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}

NTSTATUS BoxCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return BoxComplete(Irp, STATUS_SUCCESS, 0);
}

VOID BoxUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT device = DriverObject->DeviceObject;
    PDEVICE_EXTENSION ext = device->DeviceExtension;

    ExWaitForRundownProtectionRelease(&ext->Users);
    ExRundownCompleted(&ext->Users);
    IoStopTimer(device);
    ExDeleteTimer(ext->Timer, TRUE, TRUE, NULL);
    KeRemoveQueueDpc(&ext->Dpc);
    KeFlushQueuedDpcs();
    ExDeleteResourceLite(&ext->Resource);
    IoDeleteSymbolicLink(&BoxLinkName);
    IoDeleteDevice(device);
}

static NTSTATUS BoxInitialize(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    ext->Timer = ExAllocateTimer(BoxTimer, ext, EX_TIMER_HIGH_RESOLUTION);
    if (!ext->Timer) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ExInitializeRundownProtection(&ext->Users);
    ExInitializeResourceLite(&ext->Resource);
    ExInitializePushLock(&ext->PushLock);
    KeInitializeMutex(&ext->Mutex, 0);
    KeInitializeGuardedMutex(&ext->GuardedMutex);
    ext->SpinLock = 0;
    KeInitializeThreadedDpc(&ext->Dpc, BoxDpc, ext);
    IoInitializeTimer(DeviceObject, BoxTick, ext);
    IoStartTimer(DeviceObject);
    return STATUS_SUCCESS;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &BoxDeviceName, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = IoCreateSymbolicLink(&BoxLinkName, &BoxDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    status = BoxInitialize(device);
    if (!NT_SUCCESS(status)) {
        IoDeleteSymbolicLink(&BoxLinkName);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_BUFFERED_IO;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = BoxCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = BoxCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = BoxRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = BoxWrite;
    DriverObject->DriverUnload = BoxUnload;
    return STATUS_SUCCESS;
}
