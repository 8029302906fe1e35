/* WMI: registration, and requests through the library. */
extern "C" {
#include <ntifs.h>
#include <ntddk.h>
#include <wmistr.h>
#include <wmilib.h>
}
#include "tests/emu/nt/test_bus.h"

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

PIRP wmi_pended;

/* Keeps a query until somebody takes it from `wmi_pended`. */
NTSTATUS NTAPI wmi_keeps(PDEVICE_OBJECT device, PIRP irp) {
  if (IoGetCurrentIrpStackLocation(irp)->MinorFunction != IRP_MN_QUERY_ALL_DATA) return wmi_control(device, irp);
  IoMarkIrpPending(irp);
  wmi_pended = irp;
  return STATUS_PENDING;
}

void NTAPI wmi_deregisters(PVOID done) {
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_DEREGISTER) == STATUS_SUCCESS);
  *(bool*)done = true;
}

}  // namespace

TEST(wmi_deregistration_waits_for_requests) {
  wmi_pended = nullptr;
  load(false);
  driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = wmi_keeps;
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_REGISTER) == STATUS_SUCCESS);
  settle();
  CHECK(ask_wmi(IRP_MN_QUERY_ALL_DATA, 64) == (m_u32)STATUS_PENDING && wmi_pended);
  bool done = false;
  void* thread = start_thread(wmi_deregisters, &done);
  settle();
  CHECK(!done);
  wmi_pended->IoStatus.Status = STATUS_WMI_INSTANCE_NOT_FOUND;
  IoCompleteRequest(wmi_pended, IO_NO_INCREMENT);
  join(thread);
  CHECK(done);
  nt_remove_device();
}

TEST(wmi_asks_again_when_guids_change) {
  wmi_registrations = 0;
  load(false);
  driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = wmi_control;
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_UPDATE_GUIDS) == STATUS_INVALID_PARAMETER);
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_REGISTER) == STATUS_SUCCESS);
  settle();
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_UPDATE_GUIDS) == STATUS_SUCCESS);
  settle();
  CHECK(wmi_registrations == 2);
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_DEREGISTER) == STATUS_SUCCESS);
  nt_remove_device();
}

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

TEST(wmi_requests_are_not_blocked) {
  load(false);
  CHECK(IoWMIRegistrationControl(bus, WMIREG_ACTION_REGISTER) == STATUS_SUCCESS);
  mach_test_expect_not_emulated("WMIREG_ACTION_BLOCK_IRPS");
  IoWMIRegistrationControl(bus, WMIREG_ACTION_BLOCK_IRPS);
}
