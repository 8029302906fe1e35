/* Notifications of interfaces that come and go. */
#include "tests/emu/nt/test_bus.h"

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

struct SelfRemoving {
  PVOID entry;
  LONG calls;
};

NTSTATUS NTAPI unregisters_itself(PVOID, PVOID context) {
  auto* self = (SelfRemoving*)context;
  ++self->calls;
  CHECK(IoUnregisterPlugPlayNotification(self->entry) == STATUS_SUCCESS);
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

TEST(notification_can_unregister_itself) {
  load(true);
  SelfRemoving self{};
  CHECK(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, (PVOID)&kClass, driver, unregisters_itself, &self,
                                       &self.entry) == STATUS_SUCCESS);
  CHECK(IoSetDeviceInterfaceState(&link, FALSE) == STATUS_SUCCESS);
  CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_SUCCESS);
  settle();
  CHECK(self.calls == 1);
  nt_remove_device();
}
