#include "emu/nt/registry.h"
#include "tests/emu/nt/check.h"

namespace {

UNICODE_STRING string(const WCHAR* text) {
  UNICODE_STRING result;
  RtlInitUnicodeString(&result, text);
  return result;
}

NTSTATUS create(const WCHAR* path, HANDLE root, HANDLE* key, ULONG* disposition, ULONG options = 0) {
  UNICODE_STRING name = string(path);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, root, nullptr);
  return ZwCreateKey(key, KEY_ALL_ACCESS, &attributes, 0, nullptr, options, disposition);
}

NTSTATUS open(const WCHAR* path, HANDLE root, HANDLE* key) {
  UNICODE_STRING name = string(path);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, root, nullptr);
  return ZwOpenKey(key, KEY_READ, &attributes);
}

NTSTATUS set_ulong(HANDLE key, const WCHAR* name, ULONG value) {
  UNICODE_STRING text = string(name);
  return ZwSetValueKey(key, &text, 0, REG_DWORD, &value, sizeof value);
}

constexpr WCHAR kServices[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services";

}  // namespace

TEST(registry_keys) {
  HANDLE services, key, again;
  ULONG disposition;
  CHECK(open(kServices, nullptr, &services) == STATUS_SUCCESS);
  CHECK(open(L"none", services, &key) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(create(L"none\\below", services, &key, &disposition) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(create(L"Some", services, &key, &disposition) == STATUS_SUCCESS && disposition == REG_CREATED_NEW_KEY);
  CHECK(create(L"SOME", services, &again, &disposition) == STATUS_SUCCESS && disposition == REG_OPENED_EXISTING_KEY);
  CHECK(ZwClose(again) == STATUS_SUCCESS);
  CHECK(create(L"Sub", key, &again, nullptr) == STATUS_SUCCESS);
  CHECK(ZwDeleteKey(key) == STATUS_CANNOT_DELETE);
  CHECK(ZwDeleteKey(again) == STATUS_SUCCESS);
  CHECK(set_ulong(again, L"x", 1) == STATUS_KEY_DELETED);
  CHECK(open(L"Some\\Sub", services, &again) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
  /* CurrentControlSet is ControlSet001. */
  CHECK(open(L"\\Registry\\Machine\\SYSTEM\\ControlSet001\\Services", nullptr, &again) == STATUS_SUCCESS);
  CHECK(open(L"\\Device\\x", nullptr, &again) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(ZwOpenKey(&again, KEY_READ, nullptr) == STATUS_INVALID_PARAMETER);
  CHECK(ZwFlushKey((HANDLE)0x1234) == STATUS_INVALID_HANDLE);
}

TEST(registry_volatile_children) {
  HANDLE key, child;
  CHECK(create(L"\\Registry\\Machine\\Software\\V", nullptr, &key, nullptr, REG_OPTION_VOLATILE) == STATUS_SUCCESS);
  CHECK(create(L"a", key, &child, nullptr) == STATUS_CHILD_MUST_BE_VOLATILE);
  CHECK(open(L"a", key, &child) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(create(L"a", key, &child, nullptr, REG_OPTION_VOLATILE) == STATUS_SUCCESS);
}

TEST(registry_values) {
  HANDLE key;
  CHECK(create(L"\\Registry\\Machine\\Software\\T", nullptr, &key, nullptr) == STATUS_SUCCESS);
  CHECK(set_ulong(key, L"One", 1) == STATUS_SUCCESS && set_ulong(key, L"two", 2) == STATUS_SUCCESS);
  UNICODE_STRING name = string(L"ONE"), none = string(L"none");
  struct {
    KEY_VALUE_PARTIAL_INFORMATION information;
    char more[16];
  } partial;
  ULONG needed = 0;
  CHECK(ZwQueryValueKey(key, &none, KeyValuePartialInformation, &partial, sizeof partial, &needed) ==
        STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &partial, sizeof partial, &needed) == STATUS_SUCCESS);
  CHECK(needed == 16 && partial.information.Type == REG_DWORD && partial.information.DataLength == 4);
  CHECK(*(ULONG*)partial.information.Data == 1);
  CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &partial, 4, &needed) == STATUS_BUFFER_TOO_SMALL);
  CHECK(needed == 16);
  CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &partial, 14, &needed) == STATUS_BUFFER_OVERFLOW);
  CHECK(ZwQueryValueKey(key, &name, (KEY_VALUE_INFORMATION_CLASS)77, &partial, sizeof partial, &needed) ==
        STATUS_INVALID_PARAMETER);
  struct {
    KEY_VALUE_FULL_INFORMATION information;
    char more[64];
  } full;
  CHECK(ZwEnumerateValueKey(key, 1, KeyValueFullInformation, &full, sizeof full, &needed) == STATUS_SUCCESS);
  CHECK(full.information.NameLength == 6 && full.information.Name[0] == L't');
  CHECK(*(ULONG*)((char*)&full + full.information.DataOffset) == 2);
  CHECK(ZwEnumerateValueKey(key, 2, KeyValueFullInformation, &full, sizeof full, &needed) == STATUS_NO_MORE_ENTRIES);
  CHECK(ZwDeleteValueKey(key, &name) == STATUS_SUCCESS && ZwDeleteValueKey(key, &name) == STATUS_OBJECT_NAME_NOT_FOUND);
  KEY_FULL_INFORMATION about;
  CHECK(ZwQueryKey(key, KeyFullInformation, &about, sizeof about, &needed) == STATUS_SUCCESS);
  CHECK(about.Values == 1 && about.SubKeys == 0 && about.MaxValueDataLen == 4);
}

TEST(registry_subkeys_come_in_order) {
  HANDLE key, child;
  CHECK(create(L"\\Registry\\Machine\\Software\\T", nullptr, &key, nullptr) == STATUS_SUCCESS);
  CHECK(create(L"b", key, &child, nullptr) == STATUS_SUCCESS && create(L"A", key, &child, nullptr) == STATUS_SUCCESS);
  struct {
    KEY_BASIC_INFORMATION information;
    char more[16];
  } basic;
  ULONG needed;
  CHECK(ZwEnumerateKey(key, 0, KeyBasicInformation, &basic, sizeof basic, &needed) == STATUS_SUCCESS);
  CHECK(basic.information.NameLength == 2 && basic.information.Name[0] == L'A');
  CHECK(ZwEnumerateKey(key, 2, KeyBasicInformation, &basic, sizeof basic, &needed) == STATUS_NO_MORE_ENTRIES);
}

namespace {

struct Seen {
  ULONG calls;
  ULONG type;
  ULONG length;
  WCHAR first;
};

NTSTATUS NTAPI note(PWSTR, ULONG type, PVOID data, ULONG length, PVOID, PVOID context) {
  auto* seen = (Seen*)context;
  ++seen->calls;
  seen->type = type;
  seen->length = length;
  seen->first = data ? *(WCHAR*)data : 0;
  return STATUS_SUCCESS;
}

constexpr WCHAR kPath[] = L"\\Registry\\Machine\\Software\\Q";

}  // namespace

TEST(registry_query_direct) {
  ULONG number = 5, read = 0, other = 9;
  CHECK(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, (PWSTR)kPath) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, kPath, L"Number", REG_DWORD, &number, 4) == STATUS_SUCCESS);
  CHECK(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, kPath, L"Text", REG_SZ, (PVOID)L"abc", 8) == STATUS_SUCCESS);
  CHECK(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, (PWSTR)kPath) == STATUS_SUCCESS);
  UNICODE_STRING text = {};
  RTL_QUERY_REGISTRY_TABLE table[] = {
      {nullptr, RTL_QUERY_REGISTRY_DIRECT, L"Number", &read, REG_NONE, nullptr, 0},
      {nullptr, RTL_QUERY_REGISTRY_DIRECT, L"Missing", &other, REG_DWORD, &number, 4},
      {nullptr, RTL_QUERY_REGISTRY_DIRECT, L"Text", &text, REG_NONE, nullptr, 0},
      {}};
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, nullptr, nullptr) == STATUS_SUCCESS);
  CHECK(read == 5 && other == 5 && text.Length == 6 && text.MaximumLength == 8 && text.Buffer[2] == L'c');
  RtlFreeUnicodeString(&text);
  table[1].DefaultType = REG_NONE;
  table[1].Flags |= RTL_QUERY_REGISTRY_REQUIRED;
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, nullptr, nullptr) == STATUS_OBJECT_NAME_NOT_FOUND);
  /* The type that is expected stands in the default type's top byte. */
  RTL_QUERY_REGISTRY_TABLE typed[] = {{nullptr, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, L"Number", &text,
                                       (REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE, nullptr, 0},
                                      {}};
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, typed, nullptr, nullptr) == STATUS_OBJECT_TYPE_MISMATCH);
  typed[0].DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
  typed[0].EntryContext = &read;
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, typed, nullptr, nullptr) == STATUS_SUCCESS);
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"none", table, nullptr, nullptr) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_ABSOLUTE, kPath, L"number") == STATUS_SUCCESS);
  CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_ABSOLUTE, kPath, L"number") == STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(registry_query_large_direct) {
  m_u64 wide = 0x1122334455667788;
  CHECK(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, kPath, L"Wide", REG_BINARY, &wide, 8) == STATUS_SUCCESS);
  union {
    LONG size;
    m_u64 data;
    ULONG words[4];
  } out = {};
  out.size = -8;
  RTL_QUERY_REGISTRY_TABLE table[] = {{nullptr, RTL_QUERY_REGISTRY_DIRECT, L"Wide", &out, REG_NONE, nullptr, 0}, {}};
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, nullptr, nullptr) == STATUS_SUCCESS && out.data == wide);
  out.size = 16;
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, nullptr, nullptr) == STATUS_SUCCESS);
  CHECK(out.words[0] == 8 && out.words[1] == REG_BINARY && out.words[2] == 0x55667788);
  out.size = -4;
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, nullptr, nullptr) == STATUS_BUFFER_TOO_SMALL);
}

TEST(registry_query_routine) {
  const WCHAR list[] = L"ab\0cd\0";
  ULONG one = 1;
  CHECK(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, L"\\Registry\\Machine\\Software\\Q\\Sub", L"List", REG_MULTI_SZ, (PVOID)list,
                              sizeof list) == STATUS_SUCCESS);
  CHECK(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, L"\\Registry\\Machine\\Software\\Q\\Sub", L"One", REG_DWORD, &one, 4) ==
        STATUS_SUCCESS);
  Seen each = {}, whole = {}, all = {}, nothing = {};
  RTL_QUERY_REGISTRY_TABLE table[] = {
      {nullptr, RTL_QUERY_REGISTRY_SUBKEY, L"Sub", nullptr, REG_NONE, nullptr, 0},
      {note, 0, L"List", &each, REG_NONE, nullptr, 0},
      {note, RTL_QUERY_REGISTRY_NOEXPAND, L"List", &whole, REG_NONE, nullptr, 0},
      {note, RTL_QUERY_REGISTRY_NOEXPAND, nullptr, &all, REG_NONE, nullptr, 0},
      {note, RTL_QUERY_REGISTRY_NOVALUE, nullptr, &nothing, REG_NONE, nullptr, 0},
      {}};
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, nullptr, nullptr) == STATUS_SUCCESS);
  CHECK(each.calls == 2 && each.type == REG_SZ && each.length == 6 && each.first == L'c');
  CHECK(whole.calls == 1 && whole.type == REG_MULTI_SZ && whole.length == sizeof list);
  CHECK(all.calls == 2 && all.type == REG_DWORD && nothing.calls == 1 && nothing.type == REG_NONE);
  table[0].Name = L"none";
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, nullptr, nullptr) == STATUS_OBJECT_NAME_NOT_FOUND);
  RTL_QUERY_REGISTRY_TABLE wrong[] = {{note, RTL_QUERY_REGISTRY_DIRECT, L"x", &each, REG_NONE, nullptr, 0}, {}};
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, wrong, nullptr, nullptr) == STATUS_INVALID_PARAMETER);
}

TEST(registry_seeds) {
  const ULONG five = 5;
  const nt_seed_value seeds[] = {{"\\Registry\\Machine\\Software\\Seeded", "Five", REG_DWORD, 4, &five},
                                 {"\\Registry\\Machine\\Software\\Alone", nullptr, 0, 0, nullptr},
                                 {}};
  nt_seed(seeds, nullptr);
  ULONG read = 0;
  RTL_QUERY_REGISTRY_TABLE table[] = {
      {nullptr, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED, L"five", &read, REG_NONE, nullptr, 0}, {}};
  CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, L"\\Registry\\Machine\\Software\\Seeded", table, nullptr, nullptr) ==
        STATUS_SUCCESS);
  CHECK(read == 5);
  CHECK(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, (PWSTR)L"\\Registry\\Machine\\Software\\Alone") == STATUS_SUCCESS);
}
