/* What the PnP manager sends to a bus driver and its child, and in which order; what the device below answers. */
#include "tests/emu/nt/test_bus.h"

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

TEST(pnp_removal_keeps_the_children_and_lets_nobody_open_what_leaves) {
  load(true);
  child_plugged = false; /* deletes itself when it is removed */
  look_at_child = true;
  nt_remove_device();
  CHECK(child_deleted && IN_ORDER(bus_log, IRP_MN_REMOVE_DEVICE));
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

namespace {

NTSTATUS NTAPI remove_meanwhile(PDEVICE_OBJECT device, PIRP irp) {
  nt_remove_device();
  CHECK(((Extension*)device->DeviceExtension)->self == device);
  return finish(irp, STATUS_NO_SUCH_DEVICE);
}

}  // namespace

/* A remove lock can only turn a request away when the extension it lies in is still there. */
TEST(device_stays_while_a_driver_above_sends_to_it) {
  load(false);
  driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = remove_meanwhile;
  struct nt_request request{};
  request.op = 1;
  request.major = IRP_MJ_INTERNAL_DEVICE_CONTROL;
  request.code = 0x220003;
  CHECK(nt_request(&request) == (m_u32)STATUS_NO_SUCH_DEVICE);
  CHECK(nt_device_count() == 0 && driver->DeviceObject == nullptr);
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

namespace {

bool opened;

NTSTATUS NTAPI open_in_removal(PDEVICE_OBJECT device, PIRP irp) {
  if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REMOVE_DEVICE) {
    for (m_u16 index = 0; index < 2; ++index) {
      struct nt_request open{};
      open.major = IRP_MJ_CREATE;
      open.handle = (m_u16)(1 + index);
      open.device = (m_u8)index;
      opened |= NT_SUCCESS(nt_request(&open));
    }
  }
  return pnp(device, irp);
}

NTSTATUS NTAPI slow_close(PDEVICE_OBJECT device, PIRP irp) {
  const NTSTATUS status = finish(irp, STATUS_SUCCESS);
  settle();
  CHECK(((Extension*)device->DeviceExtension)->self == device);
  CHECK(!child_deleted);
  return status;
}

}  // namespace

/* "Windows ... track open handles and fail the query if there are open handles": none may come behind that check. */
TEST(pnp_opens_nothing_that_is_being_removed) {
  load(true);
  opened = false;
  driver->MajorFunction[IRP_MJ_PNP] = open_in_removal;
  nt_remove_device(); /* the child first, while its bus waits for the same */
  CHECK(IN_ORDER(child_log, IRP_MN_REMOVE_DEVICE) && !opened);
}

TEST(pnp_opens_again_what_a_bus_reports_again) {
  load(true);
  CHECK(send(IRP_MN_QUERY_REMOVE_DEVICE, 1) == 0);
  CHECK(send(IRP_MN_REMOVE_DEVICE, 1) == 0);
  IoInvalidateDeviceRelations(bus_pdo, BusRelations);
  settle();
  struct nt_request open{};
  open.major = IRP_MJ_CREATE;
  open.handle = 1;
  open.device = 1;
  CHECK(nt_request(&open) == 0);
  nt_close(1);
  nt_remove_device();
}

/* A driver may count its requests after it has completed them, also that of IRP_MJ_CLOSE. */
TEST(device_stays_until_the_close_routine_returns) {
  load(true);
  driver->MajorFunction[IRP_MJ_CLOSE] = slow_close;
  struct nt_request open{};
  open.major = IRP_MJ_CREATE;
  open.handle = 1;
  open.device = 1;
  CHECK(nt_request(&open) == 0);
  child_plugged = false;
  IoInvalidateDeviceRelations(bus_pdo, BusRelations);
  settle();
  nt_close(1);
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

/* What IoCallDriver, and in the end the IRP, said of a control that was sent to the device below. */
struct Answer {
  NTSTATUS at_once, status;
};

Answer ask_lower() {
  PDEVICE_OBJECT lower = ((Extension*)bus->DeviceExtension)->lower;
  KEVENT done;
  IO_STATUS_BLOCK io{};
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  PIRP irp = IoBuildDeviceIoControlRequest(0x220004, lower, nullptr, 0, nullptr, 0, FALSE, &done, &io);
  const NTSTATUS at_once = IoCallDriver(lower, irp);
  if (at_once == STATUS_PENDING) KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
  return {at_once, at_once == STATUS_PENDING ? io.Status : at_once};
}

}  // namespace

/* Each schedule has one way to answer throughout. "Otherwise than before" is what tells whether the device remembers. */
TEST(lower_device_that_knows_a_control_knows_the_next) {
  load(false);
  const Answer first = ask_lower(), second = ask_lower(), third = ask_lower();
  if (first.at_once == STATUS_SUCCESS) CHECK(second.at_once == STATUS_IO_DEVICE_ERROR && third.at_once == STATUS_SUCCESS);
  CHECK(third.status == first.status);
  nt_remove_device();
}
