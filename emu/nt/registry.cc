/* The registry's tree. */
#include "emu/nt/registry.h"

#include "emu/nt/device.h"
#include "emu/nt/handle.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/seed.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

/* What every machine has. */
const WCHAR* const standard_keys[] = {
    L"\\Registry\\User\\.Default",
    L"\\Registry\\Machine\\Hardware\\Description\\System",
    L"\\Registry\\Machine\\Hardware\\DeviceMap",
    L"\\Registry\\Machine\\Hardware\\ResourceMap",
    L"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
    L"\\Registry\\Machine\\System\\ControlSet001\\Control\\Class",
    L"\\Registry\\Machine\\System\\ControlSet001\\Control\\DeviceClasses",
    L"\\Registry\\Machine\\System\\ControlSet001\\Control\\Session Manager",
    L"\\Registry\\Machine\\System\\ControlSet001\\Enum\\Root",
    L"\\Registry\\Machine\\System\\ControlSet001\\Hardware Profiles\\Current",
    L"\\Registry\\Machine\\System\\ControlSet001\\Services",
};
const WCHAR services[] = L"\\Registry\\Machine\\System\\ControlSet001\\Services\\";

RegistryKey* top; /* \Registry; null: nobody has asked for anything yet */

void* zeroed(SIZE_T size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

UNICODE_STRING copy_of(const UNICODE_STRING* text) {
  UNICODE_STRING copy = {text->Length, text->Length, (PWSTR)zeroed(text->Length + sizeof(WCHAR))};
  if (text->Length) __builtin_memcpy(copy.Buffer, text->Buffer, text->Length);
  return copy;
}

int compare(const UNICODE_STRING* a, const UNICODE_STRING* b) {
  const ULONG first = a->Length / sizeof(WCHAR), second = b->Length / sizeof(WCHAR);
  for (ULONG i = 0; i < first && i < second; ++i)
    if (upcase(a->Buffer[i]) != upcase(b->Buffer[i])) return upcase(a->Buffer[i]) - upcase(b->Buffer[i]);
  return (int)first - (int)second;
}

UNICODE_STRING literal(const WCHAR* text) {
  const auto bytes = (USHORT)(text_length(text) * sizeof(WCHAR));
  return {bytes, bytes, (PWSTR)text};
}

bool is(const UNICODE_STRING* name, const WCHAR* text) {
  const UNICODE_STRING other = literal(text);
  return compare(name, &other) == 0;
}

/* Takes the first part off `rest`; empty when nothing is left. */
UNICODE_STRING next_part(UNICODE_STRING* rest) {
  while (rest->Length && rest->Buffer[0] == L'\\') {
    ++rest->Buffer;
    rest->Length -= sizeof(WCHAR);
  }
  UNICODE_STRING part = {0, 0, rest->Buffer};
  while (part.Length < rest->Length && part.Buffer[part.Length / sizeof(WCHAR)] != L'\\') part.Length += sizeof(WCHAR);
  part.MaximumLength = part.Length;
  rest->Buffer += part.Length / sizeof(WCHAR);
  rest->Length = (USHORT)(rest->Length - part.Length);
  return part;
}

RegistryKey* child_of(RegistryKey* parent, UNICODE_STRING name) {
  if (is(&name, L"CurrentControlSet") && is(&parent->name, L"System")) name = literal(L"ControlSet001");
  for (RegistryKey* key = parent->children; key; key = key->next)
    if (compare(&key->name, &name) == 0) return key;
  return nullptr;
}

RegistryKey* add_child(RegistryKey* parent, const UNICODE_STRING* name) {
  auto* key = (RegistryKey*)zeroed(sizeof(RegistryKey));
  key->name = copy_of(name);
  key->parent = parent;
  key->written = mach_time();
  RegistryKey** at = &parent->children;
  while (*at && compare(&(*at)->name, name) < 0) at = &(*at)->next;
  key->next = *at;
  parent->written = mach_time();
  return *at = key;
}

RegistryKey* make(const UNICODE_STRING* path) {
  RegistryKey* key;
  bool created;
  registry_create(nullptr, path, true, &key, &created);
  return key;
}

UNICODE_STRING widened(const char* prefix, const char* text) {
  const SIZE_T first = text_length(prefix), second = text_length(text);
  const auto bytes = (USHORT)((first + second) * sizeof(WCHAR));
  UNICODE_STRING wide = {bytes, bytes, (PWSTR)zeroed(bytes + sizeof(WCHAR))};
  for (SIZE_T i = 0; i < first; ++i) wide.Buffer[i] = widen(prefix[i]);
  for (SIZE_T i = 0; i < second; ++i) wide.Buffer[first + i] = widen(text[i]);
  return wide;
}

void make_service_key() {
  PDRIVER_OBJECT driver = driver_object();
  if (!driver) return;
  const UNICODE_STRING name = driver->DriverExtension->ServiceKeyName;
  RegistryKey* key = add_child(registry_make(services), &name);
  const UNICODE_STRING type = literal(L"Type"), start = literal(L"Start"), error = literal(L"ErrorControl");
  const ULONG kernel_driver = 1, on_demand = 3, normal = 1;
  registry_set_value(key, &type, REG_DWORD, &kernel_driver, sizeof kernel_driver);
  registry_set_value(key, &start, REG_DWORD, &on_demand, sizeof on_demand);
  registry_set_value(key, &error, REG_DWORD, &normal, sizeof normal);
}

/* A path of driver.toml that does not begin with \ is below the driver's service key. */
UNICODE_STRING seeded_path(const char* key) {
  if (key[0] == '\\') return widened("", key);
  PDRIVER_OBJECT driver = driver_object();
  UNICODE_STRING path = widened("\\Registry\\Machine\\System\\ControlSet001\\Services\\", "");
  if (!driver) return path;
  const UNICODE_STRING& name = driver->DriverExtension->ServiceKeyName;
  const UNICODE_STRING below = widened(key[0] ? "\\" : "", key);
  UNICODE_STRING whole = {0, (USHORT)(path.Length + name.Length + below.Length), nullptr};
  whole.Buffer = (PWSTR)zeroed(whole.MaximumLength + sizeof(WCHAR));
  const UNICODE_STRING* const parts[] = {&path, &name, &below};
  for (const UNICODE_STRING* part : parts) {
    __builtin_memcpy((char*)whole.Buffer + whole.Length, part->Buffer, part->Length);
    whole.Length = (USHORT)(whole.Length + part->Length);
  }
  return whole;
}

void plant_seeds() {
  for (const nt_seed_value* seed = seeded_values(); seed && seed->key; ++seed) {
    const UNICODE_STRING path = seeded_path(seed->key);
    RegistryKey* key = make(&path);
    const UNICODE_STRING name = widened("", seed->name ? seed->name : "");
    if (seed->name) registry_set_value(key, &name, seed->type, seed->data, seed->size);
  }
}

RegistryKey* root_of_all() {
  if (top) return top;
  top = (RegistryKey*)zeroed(sizeof(RegistryKey));
  top->name = literal(L"Registry");
  for (const WCHAR* path : standard_keys) registry_make(path);
  make_service_key();
  plant_seeds();
  return top;
}

/* Where a path begins, and what is left of it. Null when an absolute path is none of the registry's. */
RegistryKey* start_of(RegistryKey* root, UNICODE_STRING* path) {
  if (root) return root;
  RegistryKey* registry = root_of_all();
  const UNICODE_STRING first = next_part(path);
  return is(&first, L"Registry") ? registry : nullptr;
}

}  // namespace

void reset_registry() {
  top = nullptr;
}

RegistryKey* registry_find(RegistryKey* root, const UNICODE_STRING* path) {
  UNICODE_STRING rest = *path;
  RegistryKey* key = start_of(root, &rest);
  while (key && rest.Length) {
    const UNICODE_STRING part = next_part(&rest);
    if (part.Length) key = child_of(key, part);
  }
  return key;
}

NTSTATUS registry_create(RegistryKey* root, const UNICODE_STRING* path, bool parents, RegistryKey** result,
                         bool* created) {
  UNICODE_STRING rest = *path;
  RegistryKey* key = start_of(root, &rest);
  *created = false;
  if (!key) return STATUS_OBJECT_PATH_SYNTAX_BAD;
  while (rest.Length) {
    const UNICODE_STRING part = next_part(&rest);
    if (!part.Length) continue;
    RegistryKey* child = child_of(key, part);
    if (!child && rest.Length && !parents) return STATUS_OBJECT_NAME_NOT_FOUND;
    if (!child) {
      child = add_child(key, &part);
      *created = true;
    }
    key = child;
  }
  *result = key;
  return STATUS_SUCCESS;
}

RegistryKey* registry_make(const WCHAR* path) {
  const UNICODE_STRING text = literal(path);
  return make(&text);
}

NTSTATUS registry_delete(RegistryKey* key) {
  if (key->children || !key->parent) return STATUS_CANNOT_DELETE;
  RegistryKey** at = &key->parent->children;
  while (*at != key) at = &(*at)->next;
  *at = key->next;
  key->parent->written = mach_time();
  key->deleted = true;
  return STATUS_SUCCESS;
}

RegistryValue* registry_value(RegistryKey* key, const UNICODE_STRING* name) {
  for (RegistryValue* value = key->values; value; value = value->next)
    if (compare(&value->name, name) == 0) return value;
  return nullptr;
}

void registry_set_value(RegistryKey* key, const UNICODE_STRING* name, ULONG type, const void* data, ULONG size) {
  RegistryValue* value = registry_value(key, name);
  if (!value) {
    value = (RegistryValue*)zeroed(sizeof(RegistryValue));
    value->name = copy_of(name);
    RegistryValue** end = &key->values;
    while (*end) end = &(*end)->next;
    *end = value;
  }
  value->type = type;
  value->size = size;
  value->data = (m_u8*)zeroed(size ? size : 1);
  if (size) __builtin_memcpy(value->data, data, size);
  key->written = mach_time();
}

NTSTATUS registry_delete_value(RegistryKey* key, const UNICODE_STRING* name) {
  RegistryValue* value = registry_value(key, name);
  if (!value) return STATUS_OBJECT_NAME_NOT_FOUND;
  RegistryValue** at = &key->values;
  while (*at != value) at = &(*at)->next;
  *at = value->next;
  key->written = mach_time();
  return STATUS_SUCCESS;
}

/* --- handles ------------------------------------------------------------------------------------------------------ */

NTSTATUS registry_open_handle(RegistryKey* key, ULONG attributes, HANDLE* handle) {
  auto* object = (RegistryKey**)make_object(sizeof(RegistryKey*), ObjectKind::key, nullptr);
  *object = key;
  *handle = handle_with_attributes(object, ObjectKind::key, attributes);
  return STATUS_SUCCESS;
}

NTSTATUS registry_open_path(const UNICODE_STRING* path, bool create, HANDLE* handle) {
  *handle = nullptr;
  bool created;
  RegistryKey* key = registry_find(nullptr, path);
  if (!key && !create) return STATUS_OBJECT_NAME_NOT_FOUND;
  const NTSTATUS status = registry_create(nullptr, path, true, &key, &created);
  return NT_SUCCESS(status) ? registry_open_handle(key, OBJ_KERNEL_HANDLE, handle) : status;
}

NTSTATUS registry_key_of(HANDLE handle, KPROCESSOR_MODE mode, RegistryKey** key) {
  ObjectKind kind = ObjectKind::none;
  void* object = object_from_handle(handle, mode, &kind);
  if (!object) return STATUS_INVALID_HANDLE;
  if (kind != ObjectKind::key) return STATUS_OBJECT_TYPE_MISMATCH;
  *key = *(RegistryKey**)object;
  return (*key)->deleted ? STATUS_KEY_DELETED : STATUS_SUCCESS;
}

}  // namespace nt
