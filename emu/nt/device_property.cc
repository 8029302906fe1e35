/* What the PnP manager knows about devices: properties. */
extern "C" {
#include <ntifs.h>
#include <ntddk.h>
}
#include "emu/nt/device.h"
#include "emu/nt/pnp.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

/* A value on its way to the caller. */
struct Value {
  const void* data;
  ULONG size;
};

constexpr Value kNone = {nullptr, 0};

Value text(const WCHAR* string) {
  if (!string) return kNone;
  return {string, (ULONG)((text_length(string) + 1) * sizeof(WCHAR))};
}

Value text_list(const WCHAR* list) {
  if (!list) return kNone;
  SIZE_T count = text_length(list) + 1;
  while (count > 1 && list[count]) count += text_length(list + count) + 1;
  return {list, (ULONG)((count + (count > 1)) * sizeof(WCHAR))};
}

/* Strings that are put together live in the kernel's memory, until the end of the run. */
WCHAR* joined(const WCHAR* first, const WCHAR* between, const WCHAR* last) {
  const SIZE_T a = text_length(first), b = text_length(between), c = text_length(last);
  auto* result = (WCHAR*)mach_pool_alloc((a + b + c + 1) * sizeof(WCHAR), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  __builtin_memcpy(result, first, a * sizeof(WCHAR));
  __builtin_memcpy(result + a, between, b * sizeof(WCHAR));
  __builtin_memcpy(result + a + b, last, c * sizeof(WCHAR));
  return result;
}

Value object_name(const DevNode* node) {
  const UNICODE_STRING* name = name_of_device(node->pdo);
  if (!name) return kNone;
  auto* copy = (WCHAR*)mach_pool_alloc(name->Length + sizeof(WCHAR), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  __builtin_memcpy(copy, name->Buffer, name->Length);
  return text(copy);
}

/* Of a bus's GUID and its like nothing is known unless the bus said so. */
bool is_zero(const GUID& guid) {
  static const GUID zero = {};
  return __builtin_memcmp(&guid, &zero, sizeof guid) == 0;
}

Value enumerator(const DevNode* node) {
  if (!node->device_id) return kNone;
  WCHAR* copy = joined(node->device_id, L"", L"");
  for (WCHAR* at = copy; *at; ++at)
    if (*at == L'\\') *at = 0;
  return text(copy);
}

const ULONG kZero = 0;

/* False: there is no such property. */
bool property(const DevNode* node, DEVICE_REGISTRY_PROPERTY which, Value* value) {
  static const ULONG removal_policy = 3; /* CM_REMOVAL_POLICY_EXPECT_SURPRISE_REMOVAL */
  static const ULONG install_state = InstallStateInstalled;
  static const WCHAR class_name[] = L"System";
  static const WCHAR class_guid[] = L"{4d36e97d-e325-11ce-bfc1-08002be10318}";
  static const WCHAR driver_key[] = L"{4d36e97d-e325-11ce-bfc1-08002be10318}\\0000";
  static const WCHAR manufacturer[] = L"wdmfuzz";
  static const WCHAR no_description[] = L"Device under test";
  switch (which) {
    case DevicePropertyDeviceDescription: *value = text(node->description ? node->description : no_description); break;
    case DevicePropertyHardwareID: *value = text_list(node->hardware_ids); break;
    case DevicePropertyCompatibleIDs: *value = text_list(node->compatible_ids); break;
    case DevicePropertyClassName: *value = {class_name, sizeof class_name}; break;
    case DevicePropertyClassGuid: *value = {class_guid, sizeof class_guid}; break;
    case DevicePropertyDriverKeyName: *value = {driver_key, sizeof driver_key}; break;
    case DevicePropertyManufacturer: *value = {manufacturer, sizeof manufacturer}; break;
    case DevicePropertyLocationInformation: *value = text(node->location); break;
    case DevicePropertyPhysicalDeviceObjectName: *value = object_name(node); break;
    case DevicePropertyEnumeratorName: *value = enumerator(node); break;
    case DevicePropertyBusTypeGuid:
      *value = is_zero(node->bus.BusTypeGuid) ? kNone : Value{&node->bus.BusTypeGuid, sizeof(GUID)};
      break;
    case DevicePropertyLegacyBusType:
      *value = is_zero(node->bus.BusTypeGuid) ? kNone : Value{&node->bus.LegacyBusType, sizeof(INTERFACE_TYPE)};
      break;
    case DevicePropertyBusNumber:
      *value = is_zero(node->bus.BusTypeGuid) ? kNone : Value{&node->bus.BusNumber, sizeof(ULONG)};
      break;
    case DevicePropertyAddress: *value = {&node->capabilities.Address, sizeof(ULONG)}; break;
    case DevicePropertyUINumber: *value = {&node->capabilities.UINumber, sizeof(ULONG)}; break;
    case DevicePropertyRemovalPolicy: *value = {&removal_policy, sizeof removal_policy}; break;
    case DevicePropertyInstallState: *value = {&install_state, sizeof install_state}; break;
    case DevicePropertyBootConfiguration:
    case DevicePropertyBootConfigurationTranslated: *value = {&kZero, 0}; break; /* no resources */
    case DevicePropertyFriendlyName:
    case DevicePropertyContainerID:
    case DevicePropertyResourceRequirements:
    case DevicePropertyAllocatedResources: *value = kNone; break;
    default: return false;
  }
  return true;
}

NTSTATUS get_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY which, ULONG length, PVOID buffer, PULONG needed) {
  *needed = 0;
  const DevNode* node = pnp_node(pdo);
  if (!node) return STATUS_INVALID_DEVICE_REQUEST;
  Value value;
  if (!property(node, which, &value)) return STATUS_INVALID_PARAMETER_2;
  if (!value.data) return STATUS_OBJECT_NAME_NOT_FOUND;
  *needed = value.size;
  if (length < value.size) return STATUS_BUFFER_TOO_SMALL;
  if (value.size) __builtin_memcpy(buffer, value.data, value.size);
  return STATUS_SUCCESS;
}

/* --- properties with keys ------------------------------------------------------------------------------------------------ */

struct KeyedProperty {
  KeyedProperty* next;
  m_u32 pdo; /* its number: another device may get its memory later */
  DEVPROPKEY key;
  LCID locale;
  DEVPROPTYPE type;
  ULONG size;
  m_u8* data;
};

KeyedProperty* properties;

KeyedProperty* find(PDEVICE_OBJECT pdo, const DEVPROPKEY& key, LCID locale) {
  for (KeyedProperty* one = properties; one; one = one->next)
    if (one->pdo == device_object(pdo) && one->locale == locale && __builtin_memcmp(&one->key, &key, sizeof key) == 0) return one;
  return nullptr;
}

void remove(KeyedProperty* property) {
  KeyedProperty** at = &properties;
  while (*at != property) at = &(*at)->next;
  *at = property->next;
}

}  // namespace

void reset_device_property() {
  properties = nullptr;
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                               ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength) {
  DDI_ENTER(IoGetDeviceProperty, DeviceObject);
  return nt::get_property(DeviceObject, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
}

/* No data deletes the property. */
NTKERNELAPI NTSTATUS NTAPI IoSetDevicePropertyData(PDEVICE_OBJECT Pdo, CONST DEVPROPKEY* PropertyKey, LCID Lcid, ULONG,
                                                   DEVPROPTYPE Type, ULONG Size, PVOID Data) {
  DDI_ENTER(IoSetDevicePropertyData, Pdo);
  if (!nt::pnp_node(Pdo)) return STATUS_INVALID_DEVICE_REQUEST;
  if (nt::KeyedProperty* old = nt::find(Pdo, *PropertyKey, Lcid)) nt::remove(old);
  if (!Data || !Size) return STATUS_SUCCESS;
  auto* made = (nt::KeyedProperty*)mach_pool_alloc(sizeof(nt::KeyedProperty) + Size, 0, MACH_POOL_KERNEL, nullptr);
  *made = {nt::properties, nt::device_object(Pdo), *PropertyKey, Lcid, Type, Size, (m_u8*)(made + 1)};
  __builtin_memcpy(made->data, Data, Size);
  nt::properties = made;
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoGetDevicePropertyData(PDEVICE_OBJECT Pdo, CONST DEVPROPKEY* PropertyKey, LCID Lcid, ULONG,
                                                   ULONG Size, PVOID Data, PULONG RequiredSize, PDEVPROPTYPE Type) {
  DDI_ENTER(IoGetDevicePropertyData, Pdo);
  if (!nt::pnp_node(Pdo)) return STATUS_INVALID_DEVICE_REQUEST;
  const nt::KeyedProperty* one = nt::find(Pdo, *PropertyKey, Lcid);
  if (!one) return STATUS_OBJECT_NAME_NOT_FOUND;
  *RequiredSize = one->size;
  *Type = one->type;
  if (Size < one->size) return STATUS_BUFFER_TOO_SMALL;
  __builtin_memcpy(Data, one->data, one->size);
  return STATUS_SUCCESS;
}

/* There is one node of memory. */
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceNumaNode(PDEVICE_OBJECT, PUSHORT NodeNumber) {
  DDI_ENTER(IoGetDeviceNumaNode, nullptr);
  *NodeNumber = 0;
  return STATUS_SUCCESS;
}

}  // extern "C"
