/* Device interfaces: names by which user mode finds a PnP device. */
#include "emu/nt/device.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/pnp.h"

namespace nt {
namespace {

constexpr m_u32 kTag = 0x6e664944; /* 'DIfn' */
constexpr m_u32 kGuidCharacters = 38;
const WCHAR prefix[] = L"\\??\\ROOT#WDMFUZZ#0000#";
constexpr m_u32 kPrefixCharacters = sizeof prefix / sizeof(WCHAR) - 1;
constexpr m_u32 kDigitAt = kPrefixCharacters - 2;

struct Interface {
  Interface* next;
  PDEVICE_OBJECT pdo;
  UNICODE_STRING name;
  bool enabled;
};

Interface* interfaces;

WCHAR digit(unsigned value) {
  return (WCHAR)(value < 10 ? L'0' + value : L'a' + value - 10);
}

WCHAR* put_hex(WCHAR* to, m_u32 value, unsigned digits) {
  while (digits--) *to++ = digit((value >> (4 * digits)) & 15);
  return to;
}

WCHAR* put_guid(WCHAR* to, const GUID* guid) {
  *to++ = L'{';
  to = put_hex(to, guid->Data1, 8);
  *to++ = L'-';
  to = put_hex(to, guid->Data2, 4);
  *to++ = L'-';
  to = put_hex(to, guid->Data3, 4);
  *to++ = L'-';
  for (unsigned i = 0; i < 8; ++i) {
    if (i == 2) *to++ = L'-';
    to = put_hex(to, guid->Data4[i], 2);
  }
  *to++ = L'}';
  return to;
}

m_u32 index_of(PDEVICE_OBJECT pdo) {
  m_u32 index = 0;
  while (pnp_device(index) && pnp_device(index) != pdo) ++index;
  return index;
}

/* `to` has room for what name_bytes says. */
void put_name(UNICODE_STRING* to, PDEVICE_OBJECT pdo, const GUID* guid, const UNICODE_STRING* reference) {
  WCHAR* at = to->Buffer;
  __builtin_memcpy(at, prefix, sizeof prefix);
  at[kDigitAt] = digit(index_of(pdo) % 16);
  at = put_guid(at + kPrefixCharacters, guid);
  if (!reference || !reference->Length) return;
  *at++ = L'\\';
  __builtin_memcpy(at, reference->Buffer, reference->Length);
}

m_u32 name_bytes(const UNICODE_STRING* reference) {
  const m_u32 tail = reference && reference->Length ? sizeof(WCHAR) + reference->Length : 0;
  return (kPrefixCharacters + kGuidCharacters) * sizeof(WCHAR) + tail;
}

bool same(const UNICODE_STRING* a, const UNICODE_STRING* b) {
  return a->Length == b->Length && __builtin_memcmp(a->Buffer, b->Buffer, a->Length) == 0;
}

Interface* find(const UNICODE_STRING* name) {
  for (Interface* one = interfaces; one; one = one->next)
    if (same(&one->name, name)) return one;
  return nullptr;
}

void remember(PDEVICE_OBJECT pdo, const UNICODE_STRING* name) {
  if (find(name)) return;
  auto* one =
      (Interface*)mach_pool_alloc(sizeof(Interface) + name->Length, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  __builtin_memcpy(one + 1, name->Buffer, name->Length);
  one->name = {name->Length, name->Length, (PWSTR)(one + 1)};
  one->pdo = pdo;
  one->next = interfaces;
  interfaces = one;
}

void count_enabled(PDEVICE_OBJECT pdo) {
  bool any = false;
  for (Interface* one = interfaces; one; one = one->next) any |= one->pdo == pdo && one->enabled;
  find_device(pdo)->has_interface = any;
}

}  // namespace

void reset_device_interface() {
  interfaces = nullptr;
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject,
                                                     CONST GUID* InterfaceClassGuid, PUNICODE_STRING ReferenceString,
                                                     PUNICODE_STRING SymbolicLinkName) {
  DDI_ENTER(IoRegisterDeviceInterface, PhysicalDeviceObject);
  if (!nt::is_pdo(PhysicalDeviceObject)) return STATUS_INVALID_DEVICE_REQUEST;
  const m_u32 bytes = nt::name_bytes(ReferenceString);
  /* The caller frees it with RtlFreeUnicodeString. */
  void* buffer = mach_pool_alloc(bytes + sizeof(WCHAR), nt::kTag, MACH_POOL_PAGED | MACH_POOL_ZERO, ddi.pc());
  if (!buffer) return STATUS_INSUFFICIENT_RESOURCES;
  *SymbolicLinkName = {(USHORT)bytes, (USHORT)(bytes + sizeof(WCHAR)), (PWSTR)buffer};
  nt::put_name(SymbolicLinkName, PhysicalDeviceObject, InterfaceClassGuid, ReferenceString);
  nt::remember(PhysicalDeviceObject, SymbolicLinkName);
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable) {
  DDI_ENTER(IoSetDeviceInterfaceState, nullptr);
  nt::Interface* one = nt::find(SymbolicLinkName);
  if (!one || (!Enable && !one->enabled)) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (Enable && one->enabled) return STATUS_OBJECT_NAME_EXISTS;
  one->enabled = Enable;
  if (Enable)
    nt::add_name(&one->name, one->pdo, nullptr);
  else
    nt::remove_device_name(&one->name);
  nt::count_enabled(one->pdo);
  return STATUS_SUCCESS;
}

}  // extern "C"
