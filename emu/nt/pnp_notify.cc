/* Notifications of plug and play: interfaces that come and go, and devices about to be removed. */
#include "emu/nt/device.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/pnp.h"

namespace nt {
namespace {

const GUID kArrival = {0xcb3a4004, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
const GUID kRemoval = {0xcb3a4005, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
const GUID kQueryRemove = {0xcb3a4006, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
const GUID kRemoveCancelled = {0xcb3a4007, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
const GUID kRemoveComplete = {0xcb3a4008, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};

struct Registration {
  Registration* next; /* in order of registration */
  IO_NOTIFICATION_EVENT_CATEGORY category;
  GUID interface_class; /* interface changes */
  PFILE_OBJECT file;    /* target device changes */
  DevNode* node;
  PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback;
  PVOID context;
  bool gone;
  m_u32 waiter; /* thread in IoUnregisterPlugPlayNotification plus 1, or 0 */
};

/* A callback that runs; on the stack of its caller. */
struct Call {
  const Registration* registration;
  m_u32 thread;
  Call* next;
};

Registration* registrations;
Call* calls;

/* On another thread than this one. */
bool is_called(const Registration* one) {
  for (const Call* call = calls; call; call = call->next)
    if (call->registration == one && call->thread != mach_thread()) return true;
  return false;
}

void remove(Call* call) {
  Call** place = &calls;
  while (*place != call) place = &(*place)->next;
  *place = call->next;
}

NTSTATUS call(Registration* one, void* notification) {
  if (one->gone) return STATUS_SUCCESS;
  Call self{one, mach_thread(), calls};
  calls = &self;
  mach_enter(CALLBACK_Other, (const void*)one->callback, 0, 0);
  const NTSTATUS status = one->callback(notification, one->context);
  mach_leave(CALLBACK_Other, 0, (m_u32)status);
  remove(&self);
  if (one->waiter) mach_wake(one->waiter - 1, 0);
  return status;
}

/* The notification and the string in it are good only during the call. */
NTSTATUS tell_interface(Registration* one, const GUID& event, const UNICODE_STRING* link) {
  const SIZE_T bytes = sizeof(DEVICE_INTERFACE_CHANGE_NOTIFICATION) + sizeof(UNICODE_STRING) + link->Length;
  auto* notification = (PDEVICE_INTERFACE_CHANGE_NOTIFICATION)mach_pool_alloc(
      bytes + sizeof(WCHAR), 0x50706e50, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  auto* name = (PUNICODE_STRING)(notification + 1);
  auto* text = (WCHAR*)(name + 1);
  __builtin_memcpy(text, link->Buffer, link->Length);
  *name = {link->Length, (USHORT)(link->Length + sizeof(WCHAR)), text};
  *notification = {1, sizeof *notification, event, one->interface_class, name};
  const NTSTATUS status = call(one, notification);
  mach_pool_free(notification, 0, nullptr);
  return status;
}

NTSTATUS tell_target(Registration* one, const GUID& event) {
  auto* notification = (PTARGET_DEVICE_REMOVAL_NOTIFICATION)mach_pool_alloc(
      sizeof(TARGET_DEVICE_REMOVAL_NOTIFICATION), 0x50706e50, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  *notification = {1, sizeof *notification, event, one->file};
  const NTSTATUS status = call(one, notification);
  mach_pool_free(notification, 0, nullptr);
  return status;
}

template <class Visit>
void for_each_follower(const DevNode* node, Visit visit) {
  for (Registration* one = registrations; one; one = one->next)
    if (!one->gone && one->category == EventCategoryTargetDeviceChange && one->node == node) visit(one);
}

/* An interface change on its way to those who want to know. */
struct Change {
  GUID interface_class;
  UNICODE_STRING link;
  bool arrival;
};

void deliver(void* context) {
  auto* change = (Change*)context;
  for (Registration* one = registrations; one; one = one->next)
    if (!one->gone && one->category == EventCategoryDeviceInterfaceChange &&
        __builtin_memcmp(&one->interface_class, &change->interface_class, sizeof(GUID)) == 0)
      tell_interface(one, change->arrival ? kArrival : kRemoval, &change->link);
}

bool anybody_follows(const GUID* interface_class) {
  for (Registration* one = registrations; one; one = one->next)
    if (!one->gone && one->category == EventCategoryDeviceInterfaceChange &&
        __builtin_memcmp(&one->interface_class, interface_class, sizeof(GUID)) == 0)
      return true;
  return false;
}

void tell_existing(const UNICODE_STRING* link, void* context) {
  tell_interface((Registration*)context, kArrival, link);
}

Registration* add_registration(IO_NOTIFICATION_EVENT_CATEGORY category, PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback,
                               PVOID context) {
  auto* one = (Registration*)mach_pool_alloc(sizeof(Registration), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  one->category = category;
  one->callback = callback;
  one->context = context;
  Registration** end = &registrations;
  while (*end) end = &(*end)->next;
  return *end = one;
}

NTSTATUS register_target(PFILE_OBJECT file, Registration** result, PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback,
                         PVOID context) {
  DevNode* node = pnp_node_of_stack(file->DeviceObject);
  if (!node) return STATUS_NO_SUCH_DEVICE;
  *result = add_registration(EventCategoryTargetDeviceChange, callback, context);
  (*result)->file = file;
  (*result)->node = node;
  return STATUS_SUCCESS;
}

/* What a driver reports about a device: everybody who follows it gets a copy that names his own file. */
void tell_custom(DevNode* node, const TARGET_DEVICE_CUSTOM_NOTIFICATION* from) {
  for_each_follower(node, [&](Registration* one) {
    auto* copy = (PTARGET_DEVICE_CUSTOM_NOTIFICATION)mach_pool_alloc(from->Size, 0x50706e50, MACH_POOL_KERNEL, nullptr);
    __builtin_memcpy(copy, from, from->Size);
    copy->FileObject = one->file;
    call(one, copy);
    mach_pool_free(copy, 0, nullptr);
  });
}

struct CustomChange {
  DevNode* node;
  PDEVICE_OBJECT pdo;
  PDEVICE_CHANGE_COMPLETE_CALLBACK done;
  PVOID context;
  TARGET_DEVICE_CUSTOM_NOTIFICATION* notification;
};

void deliver_custom(void* context) {
  auto* change = (CustomChange*)context;
  tell_custom(change->node, change->notification);
  if (change->done) {
    mach_enter(CALLBACK_Other, (const void*)change->done, 0, 0);
    change->done(change->context);
    mach_leave(CALLBACK_Other, 0, 0);
  }
  io_dereference_object(change->pdo);
}

NTSTATUS check_custom(PDEVICE_OBJECT pdo, const TARGET_DEVICE_CUSTOM_NOTIFICATION* notification, DevNode** node) {
  *node = pnp_node(pdo);
  if (!*node) return STATUS_INVALID_DEVICE_REQUEST;
  const GUID& event = notification->Event;
  const bool reserved = __builtin_memcmp(&event, &kQueryRemove, sizeof event) == 0 ||
                        __builtin_memcmp(&event, &kRemoveCancelled, sizeof event) == 0 ||
                        __builtin_memcmp(&event, &kRemoveComplete, sizeof event) == 0;
  return reserved ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS;
}

/* Waits until no callback of it runs any more, unless it is that callback who unregisters. */
NTSTATUS unregister(PVOID entry, bool wait) {
  auto* one = (Registration*)entry;
  one->gone = true;
  while (wait && is_called(one)) {
    one->waiter = mach_thread() + 1;
    mach_block(0, nullptr, nullptr);
    one->waiter = 0;
  }
  return STATUS_SUCCESS;
}

}  // namespace

void reset_pnp_notify() {
  registrations = nullptr;
  calls = nullptr;
}

void notify_interface_change(const GUID* interface_class, const UNICODE_STRING* link, bool arrival) {
  if (!anybody_follows(interface_class)) return;
  auto* change = (Change*)mach_pool_alloc(sizeof(Change) + link->Length, 0, MACH_POOL_KERNEL, nullptr);
  auto* text = (WCHAR*)(change + 1);
  __builtin_memcpy(text, link->Buffer, link->Length);
  *change = {*interface_class, {link->Length, link->Length, text}, arrival};
  pnp_queue_work(deliver, change);
}

bool notify_query_remove(DevNode* node) {
  bool agreed = true;
  for_each_follower(node, [&](Registration* one) {
    if (agreed) agreed = NT_SUCCESS(tell_target(one, kQueryRemove));
  });
  if (!agreed) notify_remove_cancelled(node);
  return agreed;
}

void notify_remove_cancelled(DevNode* node) {
  for_each_follower(node, [](Registration* one) { tell_target(one, kRemoveCancelled); });
}

void notify_remove_complete(DevNode* node) {
  for_each_follower(node, [](Registration* one) { tell_target(one, kRemoveComplete); });
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
                                                          ULONG EventCategoryFlags, PVOID EventCategoryData,
                                                          PDRIVER_OBJECT DriverObject,
                                                          PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine,
                                                          PVOID Context, PVOID* NotificationEntry) {
  DDI_ENTER(IoRegisterPlugPlayNotification, nullptr);
  nt::Registration* one = nullptr;
  switch (EventCategory) {
    case EventCategoryHardwareProfileChange: /* there is one hardware profile, for ever */
      one = nt::add_registration(EventCategory, CallbackRoutine, Context);
      break;
    case EventCategoryDeviceInterfaceChange:
      one = nt::add_registration(EventCategory, CallbackRoutine, Context);
      one->interface_class = *(const GUID*)EventCategoryData;
      *NotificationEntry = one;
      if (EventCategoryFlags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES)
        nt::for_each_interface(&one->interface_class, false, nullptr, nt::tell_existing, one);
      break;
    case EventCategoryTargetDeviceChange: {
      const NTSTATUS status =
          nt::register_target((PFILE_OBJECT)EventCategoryData, &one, CallbackRoutine, Context);
      if (!NT_SUCCESS(status)) return status;
      break;
    }
    default:
      return STATUS_INVALID_PARAMETER;
  }
  *NotificationEntry = one;
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject, PVOID NotificationStructure) {
  DDI_ENTER(IoReportTargetDeviceChange, PhysicalDeviceObject);
  const auto* notification = (PTARGET_DEVICE_CUSTOM_NOTIFICATION)NotificationStructure;
  nt::DevNode* node;
  const NTSTATUS status = nt::check_custom(PhysicalDeviceObject, notification, &node);
  if (NT_SUCCESS(status)) nt::tell_custom(node, notification);
  return status;
}

NTKERNELAPI NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject,
                                                                  PVOID NotificationStructure,
                                                                  PDEVICE_CHANGE_COMPLETE_CALLBACK Callback,
                                                                  PVOID Context) {
  DDI_ENTER(IoReportTargetDeviceChangeAsynchronous, PhysicalDeviceObject);
  const auto* notification = (PTARGET_DEVICE_CUSTOM_NOTIFICATION)NotificationStructure;
  nt::DevNode* node;
  const NTSTATUS status = nt::check_custom(PhysicalDeviceObject, notification, &node);
  if (!NT_SUCCESS(status)) return status;
  auto* change = (nt::CustomChange*)mach_pool_alloc(sizeof(nt::CustomChange) + notification->Size, 0, MACH_POOL_KERNEL, nullptr);
  *change = {node, PhysicalDeviceObject, Callback, Context, (PTARGET_DEVICE_CUSTOM_NOTIFICATION)(change + 1)};
  __builtin_memcpy(change->notification, notification, notification->Size);
  nt::io_reference_object(PhysicalDeviceObject);
  nt::pnp_queue_work(nt::deliver_custom, change);
  return STATUS_PENDING;
}

NTKERNELAPI NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID NotificationEntry) {
  DDI_ENTER(IoUnregisterPlugPlayNotification, nullptr);
  return nt::unregister(NotificationEntry, false);
}

/* The one that waits, but not to be called from a callback. */
NTKERNELAPI NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry) {
  DDI_ENTER(IoUnregisterPlugPlayNotificationEx, nullptr);
  return nt::unregister(NotificationEntry, true);
}

}  // extern "C"
