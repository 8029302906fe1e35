/* SPDX-License-Identifier: MIT */
#include "lamp.h"

static UNICODE_STRING LampName = RTL_CONSTANT_STRING(L"\\Device\\Lamp");

static NTSTATUS LampCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return LampComplete(Irp, STATUS_SUCCESS);
}

static VOID LampUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(DriverObject, sizeof(LAMP), &LampName, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KeInitializeSpinLock(&((PLAMP)device->DeviceExtension)->Lock);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = LampCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = LampCreateClose;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = LampWrite;
    DriverObject->DriverUnload = LampUnload;
    return STATUS_SUCCESS;
}
