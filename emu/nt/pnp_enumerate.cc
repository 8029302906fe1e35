/* Enumeration: which devices are on a bus, what they are called, and what brings them up. */
#include "emu/nt/bus.h"
#include "emu/nt/device.h"
#include "emu/nt/hardware.h"
#include "emu/nt/pnp.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

/* What the driver is installed for: ASCII strings, ended by an empty one. The first is our own device's. */
const char* installed_ids = "";

constexpr m_u32 kInvalidPnpDevice = 0xCA; /* PNP_DETECTED_FATAL_ERROR */

void* zeroed(SIZE_T size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

/* --- identity ----------------------------------------------------------------------------------------------------------- */

/* Characters of a string, or with `list` of a list of strings, with what ends it. */
SIZE_T characters(const WCHAR* text, bool list) {
  SIZE_T count = text_length(text) + 1;
  if (!list || count == 1) return count;
  while (text[count]) count += text_length(text + count) + 1;
  return count + 1;
}

/* A copy in the kernel's memory of what the bus driver answered; its own is freed, as the PnP manager does it. */
WCHAR* take_string(ULONG_PTR information, bool list) {
  if (!information) return nullptr;
  auto* text = (WCHAR*)information;
  const SIZE_T bytes = characters(text, list) * sizeof(WCHAR);
  auto* copy = (WCHAR*)zeroed(bytes + 2 * sizeof(WCHAR));
  __builtin_memcpy(copy, text, bytes);
  mach_pool_free(text, 0, nullptr);
  return copy;
}

void fill_id(PIO_STACK_LOCATION location, void* context) {
  location->Parameters.QueryId.IdType = *(BUS_QUERY_ID_TYPE*)context;
}

WCHAR* query_id(DevNode* node, BUS_QUERY_ID_TYPE type) {
  ULONG_PTR information = 0;
  const NTSTATUS status = pnp_send(node, IRP_MN_QUERY_ID, 0, fill_id, &type, &information);
  if (!NT_SUCCESS(status)) return nullptr;
  return take_string(information, type == BusQueryHardwareIDs || type == BusQueryCompatibleIDs);
}

void fill_text(PIO_STACK_LOCATION location, void* context) {
  location->Parameters.QueryDeviceText.DeviceTextType = *(DEVICE_TEXT_TYPE*)context;
  location->Parameters.QueryDeviceText.LocaleId = 0x409; /* English */
}

WCHAR* query_text(DevNode* node, DEVICE_TEXT_TYPE type) {
  ULONG_PTR information = 0;
  const NTSTATUS status = pnp_send(node, IRP_MN_QUERY_DEVICE_TEXT, 0, fill_text, &type, &information);
  return NT_SUCCESS(status) ? take_string(information, false) : nullptr;
}

void fill_capabilities(PIO_STACK_LOCATION location, void* context) {
  location->Parameters.DeviceCapabilities.Capabilities = (PDEVICE_CAPABILITIES)context;
}

/* In memory of its own, so that a driver that writes past it is seen. */
void query_capabilities(DevNode* node) {
  auto* capabilities = (PDEVICE_CAPABILITIES)zeroed(sizeof(DEVICE_CAPABILITIES));
  capabilities->Size = sizeof(DEVICE_CAPABILITIES);
  capabilities->Version = 1;
  capabilities->Address = capabilities->UINumber = (ULONG)-1;
  const NTSTATUS status = pnp_send(node, IRP_MN_QUERY_CAPABILITIES, 0, fill_capabilities, capabilities);
  if (NT_SUCCESS(status)) node->capabilities = *capabilities;
  mach_pool_free(capabilities, 0, nullptr);
}

/* Answers that are freed as soon as they are read. */
void query_and_free(DevNode* node, m_u8 minor, void* copy, SIZE_T size) {
  ULONG_PTR information = 0;
  const NTSTATUS status = pnp_send(node, minor, 0, nullptr, nullptr, &information);
  if (!NT_SUCCESS(status) || !information) return;
  if (copy) __builtin_memcpy(copy, (void*)information, size);
  mach_pool_free((void*)information, 0, nullptr);
}

void identify(DevNode* node) {
  node->device_id = query_id(node, BusQueryDeviceID);
  node->instance_id = query_id(node, BusQueryInstanceID);
  query_capabilities(node);
  node->hardware_ids = query_id(node, BusQueryHardwareIDs);
  node->compatible_ids = query_id(node, BusQueryCompatibleIDs);
  node->description = query_text(node, DeviceTextDescription);
  node->location = query_text(node, DeviceTextLocationInformation);
  query_and_free(node, IRP_MN_QUERY_BUS_INFORMATION, &node->bus, sizeof node->bus);
  query_and_free(node, IRP_MN_QUERY_RESOURCES, nullptr, 0);
  query_and_free(node, IRP_MN_QUERY_RESOURCE_REQUIREMENTS, nullptr, 0);
}

bool same_id(const WCHAR* id, const char* installed) {
  while (*id && upcase(*id) == upcase(widen(*installed))) ++id, ++installed;
  return !*id && !*installed;
}

bool is_installed(const WCHAR* id) {
  for (const char* one = installed_ids; *one; one += text_length(one) + 1)
    if (same_id(id, one)) return true;
  return false;
}

bool any_installed(const WCHAR* ids) {
  for (; ids && *ids; ids += text_length(ids) + 1)
    if (is_installed(ids)) return true;
  return false;
}

/* Is the driver under test the function driver of this device, too? Others come without one: their physical device is started
 * as it is. */
bool is_for_driver(const DevNode* node) {
  return any_installed(node->hardware_ids) || any_installed(node->compatible_ids) ||
         (node->device_id && is_installed(node->device_id));
}

WCHAR* list_of(const char* text) {
  const SIZE_T length = text_length(text);
  auto* copy = (WCHAR*)zeroed((length + 2) * sizeof(WCHAR));
  for (SIZE_T i = 0; i < length; ++i) copy[i] = widen(text[i]);
  return copy;
}

/* --- relations ---------------------------------------------------------------------------------------------------------- */

void fill_bus_relations(PIO_STACK_LOCATION location, void*) {
  location->Parameters.QueryDeviceRelations.Type = BusRelations;
}

void forget_presence(const DevNode* parent) {
  for (DevNode* node = pnp_first_node(); node; node = node->next)
    if (node->parent == parent) node->present = false;
}

/* The device by which the driver of `pdo` sits on the bus that `pdo` is on, or null. */
PDEVICE_OBJECT bus_device(const DevNode* parent, PDEVICE_OBJECT pdo) {
  PDEVICE_OBJECT device = parent->pdo->AttachedDevice;
  while (device && device->DriverObject != pdo->DriverObject) device = device->AttachedDevice;
  return device;
}

/* The reference that came with the answer is kept by a new node. */
DevNode* note_reported(DevNode* parent, PDEVICE_OBJECT pdo, const void* pc) {
  if (DevNode* known = pnp_node(pdo)) {
    known->present = true;
    io_dereference_object(pdo);
    return nullptr;
  }
  if (!find_device(pdo) || find_device(pdo)->gone) mach_bug_check(kInvalidPnpDevice, 2, (ULONG_PTR)pdo, 0, 0, pc);
  if (PDEVICE_OBJECT bus = bus_device(parent, pdo))
    mach_event(EVENT_Reported, device_object(pdo), pdo->Flags | (m_u64)bus->Flags << 32, device_object(bus), pc);
  pdo->Flags |= DO_BUS_ENUMERATED_DEVICE;
  pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING; /* bus drivers that never do it work all the same */
  return pnp_add_node(parent, pdo);
}

/* Devices that their bus no longer reports are gone already: a surprise. */
void remove_absent(const DevNode* parent) {
  for (DevNode* node = pnp_first_node(); node; node = node->next) {
    if (node->parent != parent || node->present || node->state == PnpState::removed) continue;
    pnp_surprise_remove(node, 0);
    if (!pnp_is_open(node)) pnp_remove(node, 0);
  }
}

NTSTATUS take_relations(DevNode* parent, PDEVICE_RELATIONS relations) {
  forget_presence(parent);
  DevNode* first_new = nullptr;
  for (ULONG i = 0; i < relations->Count; ++i) {
    DevNode* made = note_reported(parent, relations->Objects[i], nullptr);
    if (!first_new) first_new = made;
  }
  mach_pool_free(relations, 0, nullptr);
  remove_absent(parent);
  for (DevNode* node = first_new; node; node = node->next)
    if (node->parent == parent && node->state == PnpState::found) pnp_bring_up(node);
  return STATUS_SUCCESS;
}

/* --- later work --------------------------------------------------------------------------------------------------------- */

void require_pdo(PDEVICE_OBJECT pdo, const void* pc) {
  /* A device that was just removed is forgiven; one that never was a PDO is not. */
  for (const DevNode* node = pnp_first_node(); node; node = node->next)
    if (node->pdo == pdo) return;
  mach_bug_check(kInvalidPnpDevice, 2, (ULONG_PTR)pdo, 0, 0, pc);
}

DevNode* living(void* context) {
  auto* node = (DevNode*)context;
  return node->state == PnpState::removed ? nullptr : node;
}

void enumerate_again(void* context) {
  pnp_lock_tree();
  DevNode* node = living(context);
  if (node && node->state == PnpState::started) pnp_enumerate(node, 0);
  pnp_unlock_tree();
}

/* What a changed state asks for: a failed or removed device goes. */
void look_at_state(DevNode* node) {
  ULONG_PTR information = 0;
  if (!NT_SUCCESS(pnp_send(node, IRP_MN_QUERY_PNP_DEVICE_STATE, 0, nullptr, nullptr, &information))) return;
  node->flags = (PNP_DEVICE_STATE)information;
}

void state_again(void* context) {
  pnp_lock_tree();
  DevNode* node = living(context);
  if (node && node->state == PnpState::started) {
    look_at_state(node);
    if (node->flags & (PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED)) {
      pnp_surprise_remove(node, 0);
      if (!pnp_is_open(node)) pnp_remove(node, 0);
    }
  }
  pnp_unlock_tree();
}

void eject(void* context) {
  pnp_lock_tree();
  DevNode* node = living(context);
  if (node && node->state == PnpState::started && !pnp_is_open(node) && NT_SUCCESS(pnp_query_remove(node, 0)))
    pnp_remove(node, 0);
  pnp_unlock_tree();
}

}  // namespace

void pnp_identify_root(DevNode* node) {
  const char* id = *installed_ids ? installed_ids : "ROOT\\WDMFUZZ";
  node->device_id = list_of(id);
  node->hardware_ids = list_of(id);
  node->instance_id = list_of("0000");
}

void pnp_bring_up(DevNode* node) {
  identify(node);
  if (!node->device_id) return; /* nobody knows what it is: Windows leaves it alone */
  PDRIVER_OBJECT driver = driver_object();
  if (is_for_driver(node) && driver && driver->DriverExtension->AddDevice) {
    if (!NT_SUCCESS(pnp_call_add_device(node))) return;
  }
  pnp_start(node, 0);
}

static void fill_resources(PIO_STACK_LOCATION location, void*) {
  resource_lists(&location->Parameters.StartDevice.AllocatedResources,
                 &location->Parameters.StartDevice.AllocatedResourcesTranslated);
}

NTSTATUS pnp_start(DevNode* node, m_u32 op) {
  const bool again = node->state == PnpState::stopped;
  if (node->has_driver && !again) query_and_free(node, IRP_MN_FILTER_RESOURCE_REQUIREMENTS, nullptr, 0);
  const NTSTATUS status = pnp_send(node, IRP_MN_START_DEVICE, op, node->parent ? nullptr : fill_resources);
  if (!NT_SUCCESS(status)) {
    if (again) pnp_surprise_remove(node, 0);
    if (!pnp_is_open(node)) pnp_remove(node, 0);
    return status;
  }
  if (again) return status;
  query_capabilities(node);
  look_at_state(node);
  pnp_enumerate(node, 0);
  return status;
}

NTSTATUS pnp_enumerate(DevNode* node, m_u32 op) {
  ULONG_PTR information = 0;
  const NTSTATUS status = pnp_send(node, IRP_MN_QUERY_DEVICE_RELATIONS, op, fill_bus_relations, nullptr, &information);
  if (!NT_SUCCESS(status) || !information) return status;
  return take_relations(node, (PDEVICE_RELATIONS)information);
}

void pnp_invalidate_relations(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type, const void* pc) {
  require_pdo(pdo, pc);
  DevNode* node = pnp_node(pdo);
  if (!node) return;
  /* Of the other relations the PnP manager only forgets what it knew; it asks again when it needs them. */
  if (type == BusRelations) pnp_queue_work(enumerate_again, node);
}

void pnp_invalidate_state(PDEVICE_OBJECT pdo, const void* pc) {
  require_pdo(pdo, pc);
  if (DevNode* node = pnp_node(pdo)) pnp_queue_work(state_again, node);
}

void pnp_request_eject(PDEVICE_OBJECT pdo, const void* pc) {
  require_pdo(pdo, pc);
  if (DevNode* node = pnp_node(pdo)) pnp_queue_work(eject, node);
}

}  // namespace nt

extern "C" void nt_set_hardware_ids(const char* ids) {
  nt::installed_ids = ids ? ids : "";
}
