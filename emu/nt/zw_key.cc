/* Registry keys by handle. */
#include "emu/nt/handle.h"
#include "emu/nt/out_buffer.h"
#include "emu/nt/registry.h"

namespace nt {
namespace {

/* The key that object attributes start from; null for an absolute name. */
NTSTATUS root_of(POBJECT_ATTRIBUTES attributes, KPROCESSOR_MODE mode, RegistryKey** root) {
  *root = nullptr;
  if (!attributes || !attributes->ObjectName) return STATUS_INVALID_PARAMETER;
  if (!attributes->RootDirectory) return STATUS_SUCCESS;
  return registry_key_of(attributes->RootDirectory, mode, root);
}

NTSTATUS open_key(PHANDLE handle, POBJECT_ATTRIBUTES attributes, KPROCESSOR_MODE mode) {
  RegistryKey* root;
  const NTSTATUS status = root_of(attributes, mode, &root);
  if (!NT_SUCCESS(status)) return status;
  RegistryKey* key = registry_find(root, attributes->ObjectName);
  if (!key) return STATUS_OBJECT_NAME_NOT_FOUND;
  return registry_open_handle(key, attributes->Attributes, handle);
}

NTSTATUS create_key(PHANDLE handle, POBJECT_ATTRIBUTES attributes, ULONG options, PULONG disposition,
                    KPROCESSOR_MODE mode) {
  RegistryKey* root;
  NTSTATUS status = root_of(attributes, mode, &root);
  if (!NT_SUCCESS(status)) return status;
  if (options & REG_OPTION_CREATE_LINK) mach_not_emulated("ZwCreateKey with REG_OPTION_CREATE_LINK");
  RegistryKey* key;
  bool created;
  status = registry_create(root, attributes->ObjectName, false, &key, &created);
  if (!NT_SUCCESS(status)) return status;
  if (created && key->parent && key->parent->is_volatile && !(options & REG_OPTION_VOLATILE)) {
    registry_delete(key);
    return STATUS_CHILD_MUST_BE_VOLATILE;
  }
  if (created) key->is_volatile = options & REG_OPTION_VOLATILE;
  if (disposition) *disposition = created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
  return registry_open_handle(key, attributes->Attributes, handle);
}

/* --- what is known about a value ------------------------------------------------------------------------------------- */

NTSTATUS put_value(const RegistryValue* value, ULONG information_class, OutBuffer& out) {
  switch (information_class) {
    case KeyValueBasicInformation:
      out.put_ulong(0).put_ulong(value->type).put_ulong(value->name.Length).fixed();
      return out.put(value->name.Buffer, value->name.Length).status();
    case KeyValueFullInformation:
    case KeyValueFullInformationAlign64: {
      const ULONG data = (sizeof(ULONG) * 5 + value->name.Length + 7) / 8 * 8;
      out.put_ulong(0).put_ulong(value->type).put_ulong(data).put_ulong(value->size).put_ulong(value->name.Length).fixed();
      out.put(value->name.Buffer, value->name.Length).skip_to(data);
      return out.put(value->data, value->size).status();
    }
    case KeyValuePartialInformation:
      out.put_ulong(0).put_ulong(value->type).put_ulong(value->size).fixed();
      return out.put(value->data, value->size).status();
    case KeyValuePartialInformationAlign64:
      out.put_ulong(value->type).put_ulong(value->size).fixed();
      return out.put(value->data, value->size).status();
    default:
      return STATUS_INVALID_PARAMETER;
  }
}

NTSTATUS query_value(RegistryValue* value, ULONG information_class, PVOID buffer, ULONG length, PULONG result) {
  OutBuffer out(buffer, length);
  const NTSTATUS status = put_value(value, information_class, out);
  if (result && status != STATUS_INVALID_PARAMETER) *result = out.needed();
  return status;
}

/* --- what is known about a key ---------------------------------------------------------------------------------------- */

struct Census {
  ULONG children, longest_child; /* bytes */
  ULONG values, longest_value, largest_data;
};

ULONG larger(ULONG a, ULONG b) {
  return a > b ? a : b;
}

Census take_census(const RegistryKey* key) {
  Census census = {};
  for (const RegistryKey* child = key->children; child; child = child->next) {
    ++census.children;
    census.longest_child = larger(census.longest_child, child->name.Length);
  }
  for (const RegistryValue* value = key->values; value; value = value->next) {
    ++census.values;
    census.longest_value = larger(census.longest_value, value->name.Length);
    census.largest_data = larger(census.largest_data, value->size);
  }
  return census;
}

ULONG path_bytes(const RegistryKey* key) {
  ULONG bytes = 0;
  for (; key; key = key->parent) bytes += sizeof(WCHAR) + key->name.Length;
  return bytes;
}

void put_path(const RegistryKey* key, OutBuffer& out) {
  if (key->parent) put_path(key->parent, out);
  out.put(L"\\", sizeof(WCHAR)).put(key->name.Buffer, key->name.Length);
}

NTSTATUS put_key(const RegistryKey* key, ULONG information_class, OutBuffer& out) {
  const Census census = take_census(key);
  constexpr ULONG kNoClass = 0xffffffff;
  switch (information_class) {
    case KeyBasicInformation:
      out.put_u64(key->written).put_ulong(0).put_ulong(key->name.Length).fixed();
      return out.put(key->name.Buffer, key->name.Length).status();
    case KeyNodeInformation:
      out.put_u64(key->written).put_ulong(0).put_ulong(kNoClass).put_ulong(0).put_ulong(key->name.Length).fixed();
      return out.put(key->name.Buffer, key->name.Length).status();
    case KeyFullInformation:
      out.put_u64(key->written).put_ulong(0).put_ulong(kNoClass).put_ulong(0);
      out.put_ulong(census.children).put_ulong(census.longest_child).put_ulong(0);
      out.put_ulong(census.values).put_ulong(census.longest_value).put_ulong(census.largest_data).fixed();
      return out.status();
    case KeyNameInformation:
      out.put_ulong(path_bytes(key)).fixed();
      put_path(key, out);
      return out.status();
    case KeyCachedInformation:
      out.put_u64(key->written).put_ulong(0).put_ulong(census.children).put_ulong(census.longest_child);
      out.put_ulong(census.values).put_ulong(census.longest_value).put_ulong(census.largest_data);
      out.put_ulong(key->name.Length).fixed();
      return out.status();
    case KeyFlagsInformation:
    case KeyVirtualizationInformation:
    case KeyHandleTagsInformation:
      mach_not_emulated("ZwQueryKey with this information class");
    default:
      return STATUS_INVALID_PARAMETER;
  }
}

NTSTATUS query_key(const RegistryKey* key, ULONG information_class, PVOID buffer, ULONG length, PULONG result) {
  OutBuffer out(buffer, length);
  const NTSTATUS status = put_key(key, information_class, out);
  if (result && status != STATUS_INVALID_PARAMETER) *result = out.needed();
  return status;
}

RegistryKey* child_at(RegistryKey* key, ULONG index) {
  RegistryKey* child = key->children;
  while (child && index--) child = child->next;
  return child;
}

RegistryValue* value_at(RegistryKey* key, ULONG index) {
  RegistryValue* value = key->values;
  while (value && index--) value = value->next;
  return value;
}

}  // namespace
}  // namespace nt

extern "C" {

#define WDM_KEY_OF(handle)                                                            \
  nt::RegistryKey* key;                                                               \
  const NTSTATUS wrong = nt::registry_key_of(handle, KernelMode, &key);               \
  if (!NT_SUCCESS(wrong)) return wrong

NTSYSAPI NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK, POBJECT_ATTRIBUTES ObjectAttributes) {
  DDI_ENTER(ZwOpenKey, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::open_key(KeyHandle, ObjectAttributes, KernelMode);
}

NTSYSAPI NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK, POBJECT_ATTRIBUTES ObjectAttributes, ULONG) {
  DDI_ENTER(ZwOpenKeyEx, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::open_key(KeyHandle, ObjectAttributes, KernelMode);
}

NTSYSAPI NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK, POBJECT_ATTRIBUTES ObjectAttributes, ULONG,
                                    PUNICODE_STRING, ULONG CreateOptions, PULONG Disposition) {
  DDI_ENTER(ZwCreateKey, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::create_key(KeyHandle, ObjectAttributes, CreateOptions, Disposition, KernelMode);
}

NTSYSAPI NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle) {
  DDI_ENTER(ZwDeleteKey, nullptr);
  WDM_KEY_OF(KeyHandle);
  return nt::registry_delete(key);
}

NTSYSAPI NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle) {
  DDI_ENTER(ZwFlushKey, nullptr);
  WDM_KEY_OF(KeyHandle);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                                        KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation,
                                        ULONG Length, PULONG ResultLength) {
  DDI_ENTER(ZwQueryValueKey, nullptr);
  WDM_KEY_OF(KeyHandle);
  nt::RegistryValue* value = nt::registry_value(key, ValueName);
  if (!value) return STATUS_OBJECT_NAME_NOT_FOUND;
  return nt::query_value(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSYSAPI NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                            KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                            PVOID KeyValueInformation, ULONG Length, PULONG ResultLength) {
  DDI_ENTER(ZwEnumerateValueKey, nullptr);
  WDM_KEY_OF(KeyHandle);
  nt::RegistryValue* value = nt::value_at(key, Index);
  if (!value) return STATUS_NO_MORE_ENTRIES;
  return nt::query_value(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSYSAPI NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG, ULONG Type, PVOID Data,
                                      ULONG DataSize) {
  DDI_ENTER(ZwSetValueKey, nullptr);
  WDM_KEY_OF(KeyHandle);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  if (DataSize && !Data) return STATUS_ACCESS_VIOLATION;
  nt::registry_set_value(key, ValueName, Type, Data, DataSize);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName) {
  DDI_ENTER(ZwDeleteValueKey, nullptr);
  WDM_KEY_OF(KeyHandle);
  return nt::registry_delete_value(key, ValueName);
}

NTSYSAPI NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                                   ULONG Length, PULONG ResultLength) {
  DDI_ENTER(ZwQueryKey, nullptr);
  WDM_KEY_OF(KeyHandle);
  return nt::query_key(key, KeyInformationClass, KeyInformation, Length, ResultLength);
}

NTSYSAPI NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass,
                                       PVOID KeyInformation, ULONG Length, PULONG ResultLength) {
  DDI_ENTER(ZwEnumerateKey, nullptr);
  WDM_KEY_OF(KeyHandle);
  nt::RegistryKey* child = nt::child_at(key, Index);
  if (!child) return STATUS_NO_MORE_ENTRIES;
  return nt::query_key(child, KeyInformationClass, KeyInformation, Length, ResultLength);
}

#undef WDM_KEY_OF

}  // extern "C"
