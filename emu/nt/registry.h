/* The registry: a tree of keys in memory, as it is when the driver's machine has just booted. It has the standard keys, the
 * driver's service key, and what driver.toml puts there. Names compare without regard to case. A key lives as long as the
 * run, so that a handle of a deleted one is recognised. None of these functions is a DDI. */
#ifndef WDMFUZZ_EMU_NT_REGISTRY_H
#define WDMFUZZ_EMU_NT_REGISTRY_H

#include "emu/nt/nt.h"

namespace nt {

struct RegistryValue {
  RegistryValue* next; /* in order of creation */
  UNICODE_STRING name; /* empty: the key's default value */
  ULONG type;          /* REG_* */
  ULONG size;          /* bytes of data */
  m_u8* data;
};

struct RegistryKey {
  RegistryKey* next;   /* next child of its parent, in order of names */
  RegistryKey* parent; /* null: \Registry */
  RegistryKey* children;
  RegistryValue* values;
  UNICODE_STRING name;
  bool deleted;
  bool is_volatile;
  m_u64 written; /* virtual time of the last change */
};

/* The key of a path: absolute (\Registry\...), or below `root` when that is not null. CurrentControlSet is an alias of
 * ControlSet001. Null when it does not exist. */
RegistryKey* registry_find(RegistryKey* root, const UNICODE_STRING* path);
/* The same, made when it does not exist. `*created` says whether it was. STATUS_OBJECT_NAME_NOT_FOUND when a part of the
 * path before the last one is missing and `parents` is not set. */
NTSTATUS registry_create(RegistryKey* root, const UNICODE_STRING* path, bool parents, RegistryKey** key, bool* created);
/* For paths as literals; made with all its parents. */
RegistryKey* registry_make(const WCHAR* path);
/* STATUS_CANNOT_DELETE when it has subkeys. */
NTSTATUS registry_delete(RegistryKey* key);
RegistryValue* registry_value(RegistryKey* key, const UNICODE_STRING* name);
void registry_set_value(RegistryKey* key, const UNICODE_STRING* name, ULONG type, const void* data, ULONG size);
/* STATUS_OBJECT_NAME_NOT_FOUND when there is none. */
NTSTATUS registry_delete_value(RegistryKey* key, const UNICODE_STRING* name);

/* A handle of the key, valid as the OBJ_* attributes say (handle.h). */
NTSTATUS registry_open_handle(RegistryKey* key, ULONG attributes, HANDLE* handle);
/* Opens or (`create`) makes the key of a path, and a kernel handle of it. */
NTSTATUS registry_open_path(const UNICODE_STRING* path, bool create, HANDLE* handle);
/* The key behind a handle. STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_KEY_DELETED. */
NTSTATUS registry_key_of(HANDLE handle, KPROCESSOR_MODE mode, RegistryKey** key);

}  // namespace nt

#endif
