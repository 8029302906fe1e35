/* A counter: IOCTL_COUNTER_NEXT returns 1, 2, 3, ... There is no bug in it. */
/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#include "counter.h"

typedef struct _COUNTER {
    KSPIN_LOCK Lock; /* guards Value */
    ULONG Value;
} COUNTER, *PCOUNTER;

static UNICODE_STRING CounterName = RTL_CONSTANT_STRING(L"\\Device\\Counter");

static NTSTATUS CounterComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS CounterCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return CounterComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS CounterControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCOUNTER counter = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    KIRQL irql;

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_COUNTER_NEXT) {
        return CounterComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG)) {
        return CounterComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    KeAcquireSpinLock(&counter->Lock, &irql);
    *(PULONG)Irp->AssociatedIrp.SystemBuffer = ++counter->Value;
    KeReleaseSpinLock(&counter->Lock, irql);
    return CounterComplete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}

static VOID CounterUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(DriverObject, sizeof(COUNTER), &CounterName, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KeInitializeSpinLock(&((PCOUNTER)device->DeviceExtension)->Lock);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CounterCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CounterCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = CounterControl;
    DriverObject->DriverUnload = CounterUnload;
    return STATUS_SUCCESS;
}
