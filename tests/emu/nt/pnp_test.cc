/* A bus driver with one child, over the emulated bus: what the PnP, power and WMI managers send, and in which order. */
extern "C" {
#include <ntifs.h>
#include <ntddk.h>
#include <wmistr.h>
#include <wmilib.h>
}
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
bool child_plugged, refuse_removal, child_deleted;
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
  refuse_removal = child_deleted = false;
  child_plugged = with_child;
  target = Target::unanswered;
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

TEST(pnp_starts_a_device_and_then_its_children) {
  load(true);
  CHECK(IN_ORDER(bus_log, IRP_MN_FILTER_RESOURCE_REQUIREMENTS, IRP_MN_START_DEVICE, IRP_MN_QUERY_CAPABILITIES,
                 IRP_MN_QUERY_PNP_DEVICE_STATE, IRP_MN_QUERY_DEVICE_RELATIONS));
  CHECK(IN_ORDER(child_log, IRP_MN_QUERY_ID, IRP_MN_QUERY_CAPABILITIES, IRP_MN_QUERY_DEVICE_TEXT, IRP_MN_START_DEVICE,
                 IRP_MN_QUERY_PNP_DEVICE_STATE, IRP_MN_QUERY_DEVICE_RELATIONS));
  CHECK(nt_device_count() == 2); /* the bus by its physical device's name, the child by its interface */
  nt_remove_device();
  CHECK(IN_ORDER(child_log, IRP_MN_START_DEVICE, IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_REMOVE_DEVICE));
  CHECK(IN_ORDER(bus_log, IRP_MN_START_DEVICE, IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_REMOVE_DEVICE));
  CHECK(nt_device_count() == 0);
}

TEST(pnp_target_relation_is_answered_with_a_reference) {
  load(true);
  for (int i = 0; i < 3; ++i) {
    target = Target::referenced;
    CHECK(send(IRP_MN_QUERY_DEVICE_RELATIONS, 1) == 0);
    target = Target::unanswered;
    CHECK(send(IRP_MN_QUERY_DEVICE_RELATIONS, 1) == (m_u32)STATUS_NOT_SUPPORTED);
  }
  CHECK(send(IRP_MN_QUERY_DEVICE_RELATIONS, 0) == 0); /* the emulated bus's device */
  target = Target::unreferenced;
  mach_test_expect_stop("is returned for TargetDeviceRelation without a reference");
  send(IRP_MN_QUERY_DEVICE_RELATIONS, 1);
}

TEST(pnp_attaches_only_to_device_objects) {
  load(false);
  mach_test_expect_stop("attaches to what is no device object");
  IoAttachDeviceToDeviceStack(child, (PDEVICE_OBJECT)&link);
}

TEST(pnp_enumerates_again_when_relations_are_invalidated) {
  load(false);
  CHECK(child_log.count == 0);
  child_plugged = true;
  IoInvalidateDeviceRelations(bus_pdo, BusRelations);
  settle();
  CHECK(IN_ORDER(child_log, IRP_MN_QUERY_ID, IRP_MN_START_DEVICE));
  child_plugged = false;
  IoInvalidateDeviceRelations(bus_pdo, BusRelations);
  settle();
  CHECK(IN_ORDER(child_log, IRP_MN_START_DEVICE, IRP_MN_SURPRISE_REMOVAL, IRP_MN_REMOVE_DEVICE));
  CHECK(child_deleted);
  CHECK(nt_device_count() == 1);
  nt_remove_device();
}

TEST(pnp_does_not_remove_what_is_open) {
  load(true);
  struct nt_request open{};
  open.major = IRP_MJ_CREATE;
  open.handle = 1;
  open.device = 1;
  CHECK(nt_request(&open) == 0);
  child_plugged = false;
  IoInvalidateDeviceRelations(bus_pdo, BusRelations);
  settle();
  CHECK(IN_ORDER(child_log, IRP_MN_SURPRISE_REMOVAL));
  CHECK(!child_deleted);
  nt_close(1); /* with the last handle goes the device */
  settle();
  CHECK(child_deleted);
  nt_remove_device();
}

TEST(pnp_cancels_a_removal_that_is_refused) {
  load(true);
  refuse_removal = true;
  CHECK(send(IRP_MN_QUERY_REMOVE_DEVICE, 0) == (m_u32)STATUS_UNSUCCESSFUL);
  CHECK(IN_ORDER(child_log, IRP_MN_START_DEVICE, IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_CANCEL_REMOVE_DEVICE));
  CHECK(IN_ORDER(bus_log, IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_CANCEL_REMOVE_DEVICE));
  CHECK(send(IRP_MN_REMOVE_DEVICE, 0) == (m_u32)STATUS_INVALID_DEVICE_STATE);
  nt_remove_device(); /* a device that will not be removed is unplugged */
  CHECK(IN_ORDER(bus_log, IRP_MN_SURPRISE_REMOVAL, IRP_MN_REMOVE_DEVICE));
}

TEST(pnp_ignores_what_does_not_fit_the_state) {
  load(false);
  const unsigned before = bus_log.count;
  CHECK(send(IRP_MN_START_DEVICE, 0) == (m_u32)STATUS_INVALID_DEVICE_STATE);
  CHECK(send(IRP_MN_STOP_DEVICE, 0) == (m_u32)STATUS_INVALID_DEVICE_STATE);
  CHECK(send(IRP_MN_CANCEL_REMOVE_DEVICE, 0) == (m_u32)STATUS_INVALID_DEVICE_STATE);
  CHECK(bus_log.count == before);
  CHECK(send(IRP_MN_QUERY_STOP_DEVICE, 0) == 0 && send(IRP_MN_STOP_DEVICE, 0) == 0);
  CHECK(send(IRP_MN_START_DEVICE, 0) == 0);
  nt_remove_device();
}

TEST(pnp_device_properties) {
  load(true);
  WCHAR buffer[64];
  ULONG size = 0;
  CHECK(IoGetDeviceProperty(child, DevicePropertyHardwareID, 0, nullptr, &size) == STATUS_BUFFER_TOO_SMALL);
  CHECK(size == sizeof L"testbus\\child\0");
  CHECK(IoGetDeviceProperty(child, DevicePropertyHardwareID, sizeof buffer, buffer, &size) == STATUS_SUCCESS);
  CHECK(RtlCompareMemory(buffer, L"testbus\\child\0", size) == size);
  CHECK(IoGetDeviceProperty(child, DevicePropertyEnumeratorName, sizeof buffer, buffer, &size) == STATUS_SUCCESS);
  CHECK(size == sizeof L"testbus");
  CHECK(IoGetDeviceProperty(child, DevicePropertyLocationInformation, sizeof buffer, buffer, &size) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(IoGetDeviceProperty(bus_pdo, DevicePropertyPhysicalDeviceObjectName, sizeof buffer, buffer, &size) == STATUS_SUCCESS);
  CHECK(size == sizeof L"\\Device\\00000001");
  CHECK(IoGetDeviceProperty(bus, DevicePropertyHardwareID, sizeof buffer, buffer, &size) == STATUS_INVALID_DEVICE_REQUEST);
  nt_remove_device();
}

namespace {

struct Power {
  KEVENT done;
  NTSTATUS status;
};

void NTAPI power_done(PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID context, PIO_STATUS_BLOCK iosb) {
  auto* power = (Power*)context;
  power->status = iosb->Status;
  KeSetEvent(&power->done, 0, FALSE);
}

}  // namespace

TEST(power_requests_of_a_driver) {
  load(false);
  Power power;
  KeInitializeEvent(&power.done, NotificationEvent, FALSE);
  POWER_STATE state;
  state.DeviceState = PowerDeviceD3;
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_SET_POWER, state, power_done, &power, nullptr) == STATUS_PENDING);
  KeWaitForSingleObject(&power.done, Executive, KernelMode, FALSE, nullptr);
  CHECK(power.status == STATUS_SUCCESS);
  CHECK(PoSetPowerState(bus, DevicePowerState, state).DeviceState == PowerDeviceD0);
  state.DeviceState = PowerDeviceD0;
  CHECK(PoSetPowerState(bus, DevicePowerState, state).DeviceState == PowerDeviceD3);
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_POWER_SEQUENCE, state, nullptr, nullptr, nullptr) == STATUS_INVALID_PARAMETER_2);
  nt_remove_device();
}

TEST(power_requests_above_passive_level_come_later) {
  load(false);
  Power power;
  KeInitializeEvent(&power.done, NotificationEvent, FALSE);
  POWER_STATE state;
  state.DeviceState = PowerDeviceD3;
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_SET_POWER, state, power_done, &power, nullptr) == STATUS_PENDING);
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
  KeWaitForSingleObject(&power.done, Executive, KernelMode, FALSE, nullptr);
  nt_remove_device();
}

TEST(wait_wake_ends_when_it_is_cancelled) {
  load(false);
  Power power;
  KeInitializeEvent(&power.done, NotificationEvent, FALSE);
  POWER_STATE state;
  state.SystemState = PowerSystemSleeping3;
  PIRP irp = nullptr;
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_WAIT_WAKE, state, power_done, &power, &irp) == STATUS_PENDING);
  CHECK(!is_signaled(&power.done));
  CHECK(IoCancelIrp(irp));
  KeWaitForSingleObject(&power.done, Executive, KernelMode, FALSE, nullptr);
  CHECK(power.status == STATUS_CANCELLED);
  nt_remove_device();
}

namespace {

struct Interfaces {
  LONG arrivals, removals;
  bool names_fit;
};

NTSTATUS NTAPI interface_changed(PVOID notification, PVOID context) {
  auto* change = (PDEVICE_INTERFACE_CHANGE_NOTIFICATION)notification;
  auto* seen = (Interfaces*)context;
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  CHECK(RtlCompareMemory(&change->InterfaceClassGuid, &kClass, sizeof kClass) == sizeof kClass);
  (change->Event.Data1 == 0xcb3a4004 ? seen->arrivals : seen->removals) += 1;
  seen->names_fit = link.Buffer && RtlEqualUnicodeString(&link, change->SymbolicLinkName, FALSE);
  return STATUS_SUCCESS;
}

}  // namespace

TEST(interface_changes_are_told) {
  load(true);
  Interfaces seen{};
  PVOID entry = nullptr;
  CHECK(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange,
                                       PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES, (PVOID)&kClass, driver,
                                       interface_changed, &seen, &entry) == STATUS_SUCCESS);
  CHECK(seen.arrivals == 1 && seen.names_fit); /* the one that is there already, before the call returns */
  CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_OBJECT_NAME_EXISTS);
  CHECK(IoSetDeviceInterfaceState(&link, FALSE) == STATUS_SUCCESS);
  settle();
  CHECK(seen.arrivals == 1 && seen.removals == 1);
  CHECK(IoUnregisterPlugPlayNotification(entry) == STATUS_SUCCESS);
  CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_SUCCESS);
  settle();
  CHECK(seen.arrivals == 1);
  PWSTR list = nullptr;
  CHECK(IoGetDeviceInterfaces(&kClass, nullptr, 0, &list) == STATUS_SUCCESS);
  CHECK(RtlCompareMemory(list, link.Buffer, link.Length) == link.Length && !list[link.Length / 2] && !list[link.Length / 2 + 1]);
  ExFreePool(list);
  nt_remove_device();
}

TEST(lower_device_answers_sooner_or_later) {
  load(false);
  struct nt_request open{}, read{};
  open.major = IRP_MJ_CREATE;
  open.handle = 1;
  CHECK(nt_request(&open) == 0);
  read.op = 2;
  read.major = IRP_MJ_READ;
  read.handle = 1;
  read.out_size = 16;
  nt_request(&read);
  nt_cancel(2, 0); /* for the answer that waits for it */
  settle();
  CHECK(reads_completed == 1);
  CHECK(nt_pending_irps() == 0);
  nt_close(1);
  nt_remove_device();
}

namespace {

NTSTATUS NTAPI query_registration(PDEVICE_OBJECT, PULONG flags, PUNICODE_STRING, PUNICODE_STRING* path, PUNICODE_STRING,
                                  PDEVICE_OBJECT* pdo) {
  static UNICODE_STRING registry = RTL_CONSTANT_STRING(L"\\Registry");
  *flags = WMIREG_FLAG_INSTANCE_PDO;
  *path = &registry;
  *pdo = bus_pdo;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI query_block(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance, ULONG count, PULONG lengths, ULONG room,
                           PUCHAR buffer) {
  CHECK(guid == 0 && instance == 0 && count == 1);
  if (room < sizeof(ULONG)) return WmiCompleteRequest(device, irp, STATUS_BUFFER_TOO_SMALL, sizeof(ULONG), IO_NO_INCREMENT);
  *lengths = sizeof(ULONG);
  *(ULONG*)buffer = 0x1234;
  return WmiCompleteRequest(device, irp, STATUS_SUCCESS, sizeof(ULONG), IO_NO_INCREMENT);
}

WMIGUIDREGINFO guids[] = {{&kClass, 1, 0}};
WMILIB_CONTEXT wmi = {1, guids, query_registration, query_block, nullptr, nullptr, nullptr, nullptr};
LONG wmi_answers, wmi_registrations;

NTSTATUS NTAPI wmi_control(PDEVICE_OBJECT device, PIRP irp) {
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
  const UCHAR minor = location->MinorFunction;
  SYSCTL_IRP_DISPOSITION disposition;
  if (location->Parameters.WMI.ProviderId != (ULONG_PTR)device) return pass_down(((Extension*)device->DeviceExtension)->lower, irp);
  NTSTATUS status = WmiSystemControl(&wmi, device, irp, &disposition);
  if (disposition == IrpNotCompleted) {
    wmi_registrations += minor == IRP_MN_REGINFO_EX && NT_SUCCESS(status);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
  } else {
    CHECK(disposition == IrpProcessed);
  }
  wmi_answers += minor == IRP_MN_QUERY_ALL_DATA && NT_SUCCESS(status);
  return status;
}

m_u32 ask_wmi(m_u8 minor, m_u32 room) {
  struct nt_request request{};
  request.op = 3;
  request.major = IRP_MJ_SYSTEM_CONTROL;
  request.minor = minor;
  request.code = 1;
  request.out_size = room;
  return nt_request(&request);
}

}  // namespace

TEST(wmi_registers_and_queries) {
  wmi_answers = wmi_registrations = 0;
  load(false);
  driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = wmi_control;
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_REGISTER) == STATUS_SUCCESS);
  settle();
  CHECK(wmi_registrations == 1);
  CHECK(ask_wmi(IRP_MN_QUERY_ALL_DATA, 64) == 0 && wmi_answers == 1);
  CHECK(ask_wmi(IRP_MN_CHANGE_SINGLE_INSTANCE, 64) == (m_u32)STATUS_WMI_READ_ONLY);
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_DEREGISTER) == STATUS_SUCCESS);
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_DEREGISTER) == STATUS_INVALID_PARAMETER);
  nt_remove_device();
}
