/* RtlQueryRegistryValues and its family: registry values by path. */
#include "emu/nt/registry.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

constexpr ULONG kStringTag = 'grSR';

UNICODE_STRING literal(const WCHAR* text) {
  UNICODE_STRING string = {0, 0, (PWSTR)text};
  if (text) string.Length = string.MaximumLength = (USHORT)(text_length(text) * sizeof(WCHAR));
  return string;
}

const WCHAR* base_path(ULONG relative_to) {
  switch (relative_to) {
    case RTL_REGISTRY_SERVICES: return L"\\Registry\\Machine\\System\\ControlSet001\\Services";
    case RTL_REGISTRY_CONTROL: return L"\\Registry\\Machine\\System\\ControlSet001\\Control";
    case RTL_REGISTRY_WINDOWS_NT: return L"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion";
    case RTL_REGISTRY_DEVICEMAP: return L"\\Registry\\Machine\\Hardware\\DeviceMap";
    case RTL_REGISTRY_USER: return L"\\Registry\\User\\.Default";
    default: return nullptr;
  }
}

/* The key that RelativeTo and Path mean. */
NTSTATUS key_at(ULONG relative_to, const WCHAR* path, bool create, RegistryKey** key) {
  if (relative_to & RTL_REGISTRY_HANDLE) return registry_key_of((HANDLE)path, KernelMode, key);
  relative_to &= ~RTL_REGISTRY_OPTIONAL;
  if (relative_to >= RTL_REGISTRY_MAXIMUM) return STATUS_INVALID_PARAMETER;
  RegistryKey* root = relative_to == RTL_REGISTRY_ABSOLUTE ? nullptr : registry_make(base_path(relative_to));
  const UNICODE_STRING text = literal(path);
  bool created;
  if (create) return registry_create(root, &text, true, key, &created);
  *key = registry_find(root, &text);
  return *key ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* --- RtlQueryRegistryValues -------------------------------------------------------------------------------------------- */

struct Query {
  PVOID context;
  const void* pc;
  bool asked; /* an allocation of this call was allowed to fail: no other is */
};

/* One value as it goes to the driver. */
struct Delivery {
  const WCHAR* name; /* ended by a zero */
  ULONG type;
  const void* data;
  ULONG size;
};

bool is_string(ULONG type) {
  return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

NTSTATUS store_string(Query& query, PUNICODE_STRING out, const Delivery& value) {
  if (value.size > 0xffff) return STATUS_BUFFER_TOO_SMALL;
  if (!out->Buffer) {
    out->Buffer = (PWSTR)mach_pool_alloc(value.size, kStringTag, MACH_POOL_PAGED | (query.asked ? MACH_POOL_NO_FAIL : 0),
                                         query.pc);
    query.asked = true;
    if (!out->Buffer) return STATUS_NO_MEMORY;
    out->MaximumLength = (USHORT)value.size;
  } else if (value.size > out->MaximumLength) {
    return STATUS_BUFFER_TOO_SMALL;
  }
  __builtin_memcpy(out->Buffer, value.data, value.size);
  out->Length = (USHORT)(value.size >= sizeof(WCHAR) ? value.size - sizeof(WCHAR) : 0);
  return STATUS_SUCCESS;
}

/* Into the driver's own variable. What is larger than a ULONG begins with the size of the buffer: negative for the data
 * alone, else length and type go before it. */
NTSTATUS store(Query& query, PVOID out, const Delivery& value) {
  if (is_string(value.type)) return store_string(query, (PUNICODE_STRING)out, value);
  if (value.size <= sizeof(ULONG)) {
    __builtin_memcpy(out, value.data, value.size);
    return STATUS_SUCCESS;
  }
  const LONG room = *(LONG*)out;
  if (room < 0) {
    if (0u - (ULONG)room < value.size) return STATUS_BUFFER_TOO_SMALL;
    __builtin_memcpy(out, value.data, value.size);
    return STATUS_SUCCESS;
  }
  if ((ULONG)room < 2 * sizeof(ULONG) + value.size) return STATUS_BUFFER_TOO_SMALL;
  ((ULONG*)out)[0] = value.size;
  ((ULONG*)out)[1] = value.type;
  __builtin_memcpy((ULONG*)out + 2, value.data, value.size);
  return STATUS_SUCCESS;
}

NTSTATUS call_routine(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry, const Delivery& value) {
  mach_enter(CALLBACK_Other, (const void*)entry.QueryRoutine, 0, 0);
  const NTSTATUS status = entry.QueryRoutine((PWSTR)value.name, value.type, (PVOID)value.data, value.size, query.context,
                                             entry.EntryContext);
  mach_leave(CALLBACK_Other, 0, (m_u32)status);
  return status == STATUS_BUFFER_TOO_SMALL ? STATUS_SUCCESS : status;
}

NTSTATUS hand_over(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry, PVOID out, const Delivery& value) {
  if (entry.Flags & RTL_QUERY_REGISTRY_DIRECT) return store(query, out, value);
  return call_routine(query, entry, value);
}

/* Each string of a REG_MULTI_SZ on its own; in the direct form into an array of UNICODE_STRING. */
NTSTATUS hand_over_strings(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry, const Delivery& value) {
  const auto* text = (const WCHAR*)value.data;
  const WCHAR* end = text + value.size / sizeof(WCHAR);
  auto* out = (PUNICODE_STRING)entry.EntryContext;
  while (text < end && *text) {
    const WCHAR* next = text;
    while (next < end && *next) ++next;
    if (next < end) ++next;
    const NTSTATUS status =
        hand_over(query, entry, out++, {value.name, REG_SZ, text, (ULONG)((next - text) * sizeof(WCHAR))});
    if (!NT_SUCCESS(status)) return status;
    text = next;
  }
  return STATUS_SUCCESS;
}

bool has_variable(const Delivery& value) {
  const auto* text = (const WCHAR*)value.data;
  for (ULONG i = 0; i < value.size / sizeof(WCHAR); ++i)
    if (text[i] == L'%') return true;
  return false;
}

NTSTATUS deliver(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry, Delivery value) {
  if (!(entry.Flags & RTL_QUERY_REGISTRY_NOEXPAND)) {
    if (value.type == REG_MULTI_SZ) return hand_over_strings(query, entry, value);
    if (value.type == REG_EXPAND_SZ) {
      if (has_variable(value)) mach_not_emulated("RtlQueryRegistryValues of a REG_EXPAND_SZ with a variable");
      value.type = REG_SZ;
    }
  }
  return hand_over(query, entry, entry.EntryContext, value);
}

/* A default of length 0 is a string: up to its end, for several strings up to the empty one. */
ULONG default_size(const RTL_QUERY_REGISTRY_TABLE& entry, ULONG type) {
  if (entry.DefaultLength || !is_string(type)) return entry.DefaultLength;
  const auto* text = (const WCHAR*)entry.DefaultData;
  SIZE_T length = text_length(text) + 1;
  if (type == REG_MULTI_SZ) {
    length = 0;
    while (text[length]) length += text_length(text + length) + 1;
    ++length;
  }
  return (ULONG)(length * sizeof(WCHAR));
}

NTSTATUS deliver_default(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry) {
  const ULONG type = entry.DefaultType & ~RTL_QUERY_REGISTRY_TYPECHECK_MASK;
  if (type == REG_NONE)
    return entry.Flags & RTL_QUERY_REGISTRY_REQUIRED ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
  if (!entry.DefaultData) return STATUS_DATA_OVERRUN;
  return deliver(query, entry, {entry.Name, type, entry.DefaultData, default_size(entry, type)});
}

bool has_wrong_type(const RTL_QUERY_REGISTRY_TABLE& entry, ULONG type) {
  if (!(entry.Flags & RTL_QUERY_REGISTRY_TYPECHECK)) return false;
  const ULONG expected = entry.DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
  return expected != REG_NONE && expected != type;
}

NTSTATUS deliver_value(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry, RegistryKey* key, RegistryValue* value) {
  if (has_wrong_type(entry, value->type)) return STATUS_OBJECT_TYPE_MISMATCH;
  /* A copy: the routine may change or delete the value. */
  void* data = mach_pool_alloc(value->size + sizeof(WCHAR), 'tmSR', MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  __builtin_memcpy(data, value->data, value->size);
  const NTSTATUS status = deliver(query, entry, {value->name.Buffer, value->type, data, value->size});
  mach_pool_free(data, 0, nullptr);
  if (NT_SUCCESS(status) && (entry.Flags & RTL_QUERY_REGISTRY_DELETE)) registry_delete_value(key, &value->name);
  return status;
}

NTSTATUS deliver_all(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry, RegistryKey* key) {
  if (!key->values) return entry.Flags & RTL_QUERY_REGISTRY_REQUIRED ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
  for (RegistryValue *value = key->values, *next; value; value = next) {
    next = value->next;
    const NTSTATUS status = deliver_value(query, entry, key, value);
    if (!NT_SUCCESS(status)) return status;
  }
  return STATUS_SUCCESS;
}

NTSTATUS enter_subkey(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry, RegistryKey** key) {
  if (!entry.Name) return STATUS_INVALID_PARAMETER;
  const UNICODE_STRING name = literal(entry.Name);
  RegistryKey* subkey = registry_find(*key, &name);
  if (!subkey) return STATUS_OBJECT_NAME_NOT_FOUND;
  *key = subkey;
  return entry.QueryRoutine ? deliver_all(query, entry, subkey) : STATUS_SUCCESS;
}

NTSTATUS handle_entry(Query& query, const RTL_QUERY_REGISTRY_TABLE& entry, RegistryKey* first, RegistryKey** key) {
  if ((entry.Flags & RTL_QUERY_REGISTRY_DIRECT) &&
      (!entry.Name || (entry.Flags & RTL_QUERY_REGISTRY_SUBKEY) || entry.QueryRoutine))
    return STATUS_INVALID_PARAMETER;
  if ((entry.Flags & RTL_QUERY_REGISTRY_TYPECHECK) && !(entry.Flags & RTL_QUERY_REGISTRY_DIRECT))
    return STATUS_INVALID_PARAMETER_MIX;
  if (entry.Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) *key = first;
  if (entry.Flags & RTL_QUERY_REGISTRY_SUBKEY) return enter_subkey(query, entry, key);
  if (entry.Name) {
    const UNICODE_STRING name = literal(entry.Name);
    RegistryValue* value = registry_value(*key, &name);
    return value ? deliver_value(query, entry, *key, value) : deliver_default(query, entry);
  }
  if (entry.Flags & RTL_QUERY_REGISTRY_NOVALUE) return call_routine(query, entry, {nullptr, REG_NONE, nullptr, 0});
  return deliver_all(query, entry, *key);
}

NTSTATUS query_values(Query& query, RegistryKey* first, const RTL_QUERY_REGISTRY_TABLE* entry) {
  RegistryKey* key = first;
  for (; entry->QueryRoutine || (entry->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)); ++entry) {
    const NTSTATUS status = handle_entry(query, *entry, first, &key);
    if (!NT_SUCCESS(status)) return status;
  }
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace nt

extern "C" {

NTSYSAPI NTSTATUS NTAPI RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                               PVOID Context, PVOID) {
  DDI_ENTER(RtlQueryRegistryValues, nullptr);
  nt::RegistryKey* key;
  const NTSTATUS status = nt::key_at(RelativeTo, Path, false, &key);
  if (!NT_SUCCESS(status)) return status;
  nt::Query query = {Context, ddi.pc(), false};
  return nt::query_values(query, key, QueryTable);
}

NTSYSAPI NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType,
                                              PVOID ValueData, ULONG ValueLength) {
  DDI_ENTER(RtlWriteRegistryValue, nullptr);
  nt::RegistryKey* key;
  const NTSTATUS status = nt::key_at(RelativeTo, Path, true, &key);
  if (!NT_SUCCESS(status)) return status;
  const UNICODE_STRING name = nt::literal(ValueName);
  nt::registry_set_value(key, &name, ValueType, ValueData, ValueLength);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName) {
  DDI_ENTER(RtlDeleteRegistryValue, nullptr);
  nt::RegistryKey* key;
  const NTSTATUS status = nt::key_at(RelativeTo, Path, false, &key);
  if (!NT_SUCCESS(status)) return status;
  const UNICODE_STRING name = nt::literal(ValueName);
  return nt::registry_delete_value(key, &name);
}

NTSYSAPI NTSTATUS NTAPI RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path) {
  DDI_ENTER(RtlCheckRegistryKey, nullptr);
  nt::RegistryKey* key;
  return nt::key_at(RelativeTo, Path, false, &key);
}

NTSYSAPI NTSTATUS NTAPI RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path) {
  DDI_ENTER(RtlCreateRegistryKey, nullptr);
  nt::RegistryKey* key;
  return nt::key_at(RelativeTo, Path, true, &key);
}

}  // extern "C"
