/* SPDX-License-Identifier: MIT */
/* What the pattern drivers have in common, so that their sources show the pattern: a legacy driver with one named
 * device, whose handles need no state of their own. */
#pragma once
#include <ntddk.h>

/* Completes Irp; returns Status, for a dispatch routine to return. */
static inline NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* Dispatch routine of a request that succeeds and does nothing, as create and close mostly are. */
static inline NTSTATUS Succeed(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static UNICODE_STRING PatternLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\Pattern");

/* The unload routine, or the end of one. */
static inline VOID DeletePatternDevice(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink(&PatternLinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

/* Makes the device and sets the routines for create, close and unload. An extension begins as zeros. */
static inline NTSTATUS CreatePatternDevice(PDRIVER_OBJECT DriverObject, ULONG ExtensionSize, PDEVICE_OBJECT *Device)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Pattern");
    NTSTATUS status = IoCreateDevice(DriverObject, ExtensionSize, &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, Device);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    (*Device)->Flags |= DO_BUFFERED_IO;
    status = IoCreateSymbolicLink(&PatternLinkName, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(*Device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Succeed;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = Succeed;
    DriverObject->DriverUnload = DeletePatternDevice;
    return STATUS_SUCCESS;
}
