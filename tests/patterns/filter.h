/* SPDX-License-Identifier: MIT */
/* The plug-and-play driver of the patterns that need a device below: one device on top of the bus's, which passes on
 * what a pattern does not care about. Requests come through handles, so no removal finds one under way. */
#pragma once
#include "pattern.h"

typedef struct _FILTER_EXTENSION {
    PDEVICE_OBJECT Lower;
} FILTER_EXTENSION, *PFILTER_EXTENSION;

static inline PDEVICE_OBJECT Lower(PDEVICE_OBJECT DeviceObject)
{
    return ((PFILTER_EXTENSION)DeviceObject->DeviceExtension)->Lower;
}

static inline NTSTATUS FilterPass(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Lower(DeviceObject), Irp);
}

static inline NTSTATUS FilterPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Lower(DeviceObject), Irp);
}

static inline NTSTATUS FilterPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    BOOLEAN remove = IoGetCurrentIrpStackLocation(Irp)->MinorFunction == IRP_MN_REMOVE_DEVICE;
    NTSTATUS status;

    if (remove) {
        Irp->IoStatus.Status = STATUS_SUCCESS;
    }
    status = FilterPass(DeviceObject, Irp);
    if (remove) {
        IoDetachDevice(Lower(DeviceObject));
        IoDeleteDevice(DeviceObject);
    }
    return status;
}

static inline NTSTATUS FilterAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Pattern");
    PDEVICE_OBJECT device;
    PFILTER_EXTENSION ext;
    NTSTATUS status = IoCreateDevice(DriverObject, sizeof(FILTER_EXTENSION), &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    ext->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (ext->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static inline VOID FilterUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

/* What DriverEntry does before it sets the routine of its pattern. */
static inline VOID FilterEntry(PDRIVER_OBJECT DriverObject)
{
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Succeed;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = Succeed;
    DriverObject->MajorFunction[IRP_MJ_PNP] = FilterPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = FilterPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = FilterPass;
    DriverObject->DriverExtension->AddDevice = FilterAddDevice;
    DriverObject->DriverUnload = FilterUnload;
}
