/* For tests: a bus driver with one child, over the emulated bus, and what the PnP manager sends to them. */
#ifndef WDMFUZZ_TESTS_EMU_NT_TEST_BUS_H
#define WDMFUZZ_TESTS_EMU_NT_TEST_BUS_H

#include "tests/emu/nt/check.h"

namespace {

struct Extension {
  PDEVICE_OBJECT self, lower; /* lower is null for the child */
};

struct Log {
  m_u8 minors[64];
  unsigned count;
};

PDRIVER_OBJECT driver;
PDEVICE_OBJECT bus_pdo, bus, child;
Log bus_log, child_log;
bool child_plugged, refuse_removal, child_deleted, look_at_child;
enum class Target { unanswered, referenced, unreferenced } target;
UNICODE_STRING link;
LONG reads_completed;
const GUID kClass = {0x12345678, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

void note(Log& log, m_u8 minor) {
  if (log.count < sizeof log.minors) log.minors[log.count++] = minor;
}

/* Do these minor functions come in this order, with others between? */
bool in_order(const Log& log, const m_u8* minors, unsigned count) {
  unsigned found = 0;
  for (unsigned i = 0; i < log.count && found < count; ++i) found += log.minors[i] == minors[found];
  return found == count;
}
#define IN_ORDER(log, ...)                                                \
  [] {                                                                    \
    const m_u8 minors[] = {__VA_ARGS__};                                  \
    return in_order(log, minors, sizeof minors);                          \
  }()

NTSTATUS finish(PIRP irp, NTSTATUS status) {
  irp->IoStatus.Status = status;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

NTSTATUS pass_down(PDEVICE_OBJECT lower, PIRP irp) {
  IoSkipCurrentIrpStackLocation(irp);
  return IoCallDriver(lower, irp);
}

WCHAR* string(const WCHAR* text, SIZE_T bytes) {
  auto* copy = (WCHAR*)ExAllocatePoolWithTag(PagedPool, bytes, 'tset');
  if (copy) RtlCopyMemory(copy, text, bytes);
  return copy;
}

NTSTATUS child_id(PIRP irp) {
  WCHAR* id = nullptr;
  switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID: id = string(L"testbus\\child", sizeof L"testbus\\child"); break;
    case BusQueryHardwareIDs: id = string(L"testbus\\child\0", sizeof L"testbus\\child\0"); break;
    case BusQueryInstanceID: id = string(L"7", sizeof L"7"); break;
    default: return finish(irp, irp->IoStatus.Status);
  }
  irp->IoStatus.Information = (ULONG_PTR)id;
  return finish(irp, id ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

NTSTATUS child_target(PIRP irp, PIO_STACK_LOCATION location) {
  const bool asked = location->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation;
  if (!asked || target == Target::unanswered) return finish(irp, irp->IoStatus.Status);
  auto* relations = (PDEVICE_RELATIONS)ExAllocatePoolWithTag(PagedPool, sizeof(DEVICE_RELATIONS), 'tset');
  relations->Count = 1;
  relations->Objects[0] = child;
  if (target == Target::referenced) ObReferenceObject(child);
  irp->IoStatus.Information = (ULONG_PTR)relations;
  return finish(irp, STATUS_SUCCESS);
}

NTSTATUS child_pnp(PIRP irp, PIO_STACK_LOCATION location) {
  note(child_log, location->MinorFunction);
  switch (location->MinorFunction) {
    case IRP_MN_QUERY_ID:
      return child_id(irp);
    case IRP_MN_START_DEVICE:
      CHECK(NT_SUCCESS(IoRegisterDeviceInterface(child, &kClass, nullptr, &link)));
      CHECK(NT_SUCCESS(IoSetDeviceInterfaceState(&link, TRUE)));
      return finish(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
      return child_target(irp, location);
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
      return finish(irp, STATUS_SUCCESS);
    case IRP_MN_REMOVE_DEVICE:
      RtlFreeUnicodeString(&link);
      if (!child_plugged) IoDeleteDevice(child), child_deleted = true;
      return finish(irp, STATUS_SUCCESS);
    default:
      return finish(irp, irp->IoStatus.Status);
  }
}

NTSTATUS bus_relations(PIRP irp, PIO_STACK_LOCATION location) {
  if (location->Parameters.QueryDeviceRelations.Type != BusRelations) return pass_down(((Extension*)bus->DeviceExtension)->lower, irp);
  auto* relations = (PDEVICE_RELATIONS)ExAllocatePoolWithTag(PagedPool, sizeof(DEVICE_RELATIONS), 'tset');
  relations->Count = child_plugged;
  if (child_plugged) {
    relations->Objects[0] = child;
    ObReferenceObject(child);
  }
  irp->IoStatus.Information = (ULONG_PTR)relations;
  irp->IoStatus.Status = STATUS_SUCCESS;
  return pass_down(((Extension*)bus->DeviceExtension)->lower, irp);
}

NTSTATUS bus_pnp(PIRP irp, PIO_STACK_LOCATION location) {
  PDEVICE_OBJECT lower = ((Extension*)bus->DeviceExtension)->lower;
  note(bus_log, location->MinorFunction);
  switch (location->MinorFunction) {
    case IRP_MN_START_DEVICE: {
      CHECK(IoForwardIrpSynchronously(lower, irp));
      return finish(irp, irp->IoStatus.Status);
    }
    case IRP_MN_QUERY_DEVICE_RELATIONS:
      return bus_relations(irp, location);
    case IRP_MN_QUERY_REMOVE_DEVICE:
      if (refuse_removal) return finish(irp, STATUS_UNSUCCESSFUL);
      break;
    case IRP_MN_REMOVE_DEVICE: {
      if (look_at_child) {
        CHECK(((Extension*)child->DeviceExtension)->self == child);
        struct nt_request open{};
        open.major = IRP_MJ_CREATE;
        open.handle = 1;
        CHECK(nt_request(&open) == (m_u32)STATUS_NO_SUCH_DEVICE);
      }
      irp->IoStatus.Status = STATUS_SUCCESS;
      const NTSTATUS status = pass_down(lower, irp);
      IoDetachDevice(lower);
      if (!child_deleted) IoDeleteDevice(child);
      IoDeleteDevice(bus);
      return status;
    }
  }
  irp->IoStatus.Status = STATUS_SUCCESS;
  return pass_down(lower, irp);
}

NTSTATUS NTAPI pnp(PDEVICE_OBJECT device, PIRP irp) {
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
  return device == child ? child_pnp(irp, location) : bus_pnp(irp, location);
}

NTSTATUS NTAPI count_read(PDEVICE_OBJECT, PIRP irp, PVOID) {
  if (irp->PendingReturned) IoMarkIrpPending(irp);
  InterlockedIncrement(&reads_completed);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI pass(PDEVICE_OBJECT device, PIRP irp) {
  PDEVICE_OBJECT lower = ((Extension*)device->DeviceExtension)->lower;
  if (!lower) return finish(irp, STATUS_SUCCESS);
  IoCopyCurrentIrpStackLocationToNext(irp);
  IoSetCompletionRoutine(irp, count_read, nullptr, TRUE, TRUE, TRUE);
  return IoCallDriver(lower, irp);
}

NTSTATUS NTAPI create_close(PDEVICE_OBJECT, PIRP irp) {
  return finish(irp, STATUS_SUCCESS);
}

PDEVICE_OBJECT make_device(ULONG characteristics) {
  PDEVICE_OBJECT device = nullptr;
  CHECK(NT_SUCCESS(IoCreateDevice(driver, sizeof(Extension), nullptr, FILE_DEVICE_UNKNOWN, characteristics, FALSE, &device)));
  ((Extension*)device->DeviceExtension)->self = device;
  device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
  return device;
}

NTSTATUS NTAPI add_device(PDRIVER_OBJECT, PDEVICE_OBJECT pdo) {
  bus_pdo = pdo;
  bus = make_device(0);
  child = make_device(FILE_AUTOGENERATED_DEVICE_NAME);
  auto* extension = (Extension*)bus->DeviceExtension;
  extension->lower = IoAttachDeviceToDeviceStack(bus, pdo);
  bus->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI entry(PDRIVER_OBJECT object, PUNICODE_STRING) {
  driver = object;
  driver->DriverExtension->AddDevice = add_device;
  driver->MajorFunction[IRP_MJ_PNP] = pnp;
  driver->MajorFunction[IRP_MJ_POWER] = pass;
  driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = pass;
  driver->MajorFunction[IRP_MJ_READ] = pass;
  driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLOSE] = driver->MajorFunction[IRP_MJ_CLEANUP] = create_close;
  return STATUS_SUCCESS;
}

void load(bool with_child) {
  bus_log = child_log = {};
  refuse_removal = child_deleted = look_at_child = false;
  target = Target::unanswered;
  child_plugged = with_child;
  reads_completed = 0;
  link = {};
  CHECK(nt_load((void*)entry, "testbus") == 0);
  CHECK(nt_add_device(1) == 0);
}

m_u32 send(m_u8 minor, m_u32 device, m_u32 code = 0) {
  struct nt_request request{};
  request.op = 1;
  request.major = IRP_MJ_PNP;
  request.minor = minor;
  request.device = device;
  request.code = code;
  return nt_request(&request);
}

LARGE_INTEGER long_enough() {
  return milliseconds(100);
}

/* Lets the PnP manager's thread do what it has to. */
void settle() {
  LARGE_INTEGER interval = long_enough();
  KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

}  // namespace

#endif
