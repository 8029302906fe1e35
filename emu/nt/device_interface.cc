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
constexpr m_u32 kDigits = 4;
constexpr m_u32 kDigitsAt = kPrefixCharacters - 1 - kDigits;

struct Interface {
  Interface* next;
  PDEVICE_OBJECT pdo;
  GUID interface_class;
  UNICODE_STRING reference; /* the reference string: the end of the name */
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

/* `to` has room for what name_bytes says. */
void put_name(UNICODE_STRING* to, PDEVICE_OBJECT pdo, const GUID* guid, const UNICODE_STRING* reference) {
  WCHAR* at = to->Buffer;
  __builtin_memcpy(at, prefix, sizeof prefix);
  put_hex(at + kDigitsAt, pnp_node(pdo)->number, kDigits);
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

void remember(PDEVICE_OBJECT pdo, const GUID* interface_class, const UNICODE_STRING* name, USHORT reference_bytes) {
  if (Interface* known = find(name)) {
    known->pdo = pdo; /* the device came back */
    return;
  }
  auto* one =
      (Interface*)mach_pool_alloc(sizeof(Interface) + name->Length, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  __builtin_memcpy(one + 1, name->Buffer, name->Length);
  one->name = {name->Length, name->Length, (PWSTR)(one + 1)};
  one->reference = {reference_bytes, reference_bytes, one->name.Buffer + (name->Length - reference_bytes) / sizeof(WCHAR)};
  one->interface_class = *interface_class;
  one->pdo = pdo;
  Interface** end = &interfaces;
  while (*end) end = &(*end)->next;
  *end = one;
}

void count_enabled(PDEVICE_OBJECT pdo) {
  bool any = false;
  for (Interface* one = interfaces; one; one = one->next) any |= one->pdo == pdo && one->enabled;
  find_device(pdo)->has_interface = any;
}

bool same_class(const GUID* a, const GUID* b) {
  return __builtin_memcmp(a, b, sizeof(GUID)) == 0;
}

void disable(Interface* one) {
  one->enabled = false;
  remove_device_name(&one->name);
  count_enabled(one->pdo);
  notify_interface_change(&one->interface_class, &one->name, false);
}

/* A list of strings that grows. */
struct Links {
  WCHAR* text;
  SIZE_T characters;
};

void count_link(const UNICODE_STRING* link, void* context) {
  ((Links*)context)->characters += link->Length / sizeof(WCHAR) + 1;
}

void add_link(const UNICODE_STRING* link, void* context) {
  auto& links = *(Links*)context;
  __builtin_memcpy(links.text + links.characters, link->Buffer, link->Length);
  count_link(link, context);
}

Interface* find_alias(const Interface* one, const GUID* alias_class) {
  for (Interface* other = interfaces; other; other = other->next)
    if (other->pdo == one->pdo && same_class(&other->interface_class, alias_class) && same(&other->reference, &one->reference))
      return other;
  return nullptr;
}

}  // namespace

void reset_device_interface() {
  interfaces = nullptr;
}

void disable_interfaces_of(PDEVICE_OBJECT pdo) {
  for (Interface* one = interfaces; one; one = one->next)
    if (one->pdo == pdo && one->enabled) disable(one);
}

const UNICODE_STRING* find_interface(const UNICODE_STRING* link, PDEVICE_OBJECT* pdo) {
  Interface* one = find(link);
  if (one) *pdo = one->pdo;
  return one ? &one->name : nullptr;
}

void for_each_interface(const GUID* interface_class, bool disabled_too, PDEVICE_OBJECT pdo,
                        void (*visit)(const UNICODE_STRING* link, void* context), void* context) {
  for (Interface* one = interfaces; one; one = one->next)
    if (same_class(&one->interface_class, interface_class) && (disabled_too || one->enabled) && (!pdo || one->pdo == pdo))
      visit(&one->name, context);
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
  nt::remember(PhysicalDeviceObject, InterfaceClassGuid, SymbolicLinkName,
               ReferenceString ? ReferenceString->Length : 0);
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable) {
  DDI_ENTER(IoSetDeviceInterfaceState, nullptr);
  nt::Interface* one = nt::find(SymbolicLinkName);
  if (!one || (!Enable && !one->enabled)) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (Enable && one->enabled) return STATUS_OBJECT_NAME_EXISTS;
  if (!Enable) {
    nt::disable(one);
    return STATUS_SUCCESS;
  }
  one->enabled = true;
  nt::add_name(&one->name, one->pdo, nullptr);
  nt::count_enabled(one->pdo);
  nt::notify_interface_change(&one->interface_class, &one->name, true);
  return STATUS_SUCCESS;
}

/* The list is the caller's to free. */
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfaces(CONST GUID* InterfaceClassGuid, PDEVICE_OBJECT PhysicalDeviceObject,
                                                 ULONG Flags, PWSTR* SymbolicLinkList) {
  DDI_ENTER(IoGetDeviceInterfaces, PhysicalDeviceObject);
  *SymbolicLinkList = nullptr;
  if (PhysicalDeviceObject && !nt::is_pdo(PhysicalDeviceObject)) return STATUS_INVALID_DEVICE_REQUEST;
  const bool all = (Flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) != 0;
  nt::Links links{nullptr, 0};
  nt::for_each_interface(InterfaceClassGuid, all, PhysicalDeviceObject, nt::count_link, &links);
  links.text = (WCHAR*)mach_pool_alloc((links.characters + 1) * sizeof(WCHAR), nt::kTag, MACH_POOL_PAGED | MACH_POOL_ZERO,
                                       ddi.pc());
  if (!links.text) return STATUS_INSUFFICIENT_RESOURCES;
  links.characters = 0;
  nt::for_each_interface(InterfaceClassGuid, all, PhysicalDeviceObject, nt::add_link, &links);
  *SymbolicLinkList = links.text;
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING SymbolicLinkName, CONST GUID* AliasInterfaceClassGuid,
                                                     PUNICODE_STRING AliasSymbolicLinkName) {
  DDI_ENTER(IoGetDeviceInterfaceAlias, nullptr);
  const nt::Interface* one = nt::find(SymbolicLinkName);
  const nt::Interface* alias = one ? nt::find_alias(one, AliasInterfaceClassGuid) : nullptr;
  if (!alias) return STATUS_OBJECT_NAME_NOT_FOUND;
  const USHORT bytes = alias->name.Length;
  void* buffer = mach_pool_alloc(bytes + sizeof(WCHAR), nt::kTag, MACH_POOL_PAGED | MACH_POOL_ZERO, ddi.pc());
  if (!buffer) return STATUS_INSUFFICIENT_RESOURCES;
  __builtin_memcpy(buffer, alias->name.Buffer, bytes);
  *AliasSymbolicLinkName = {bytes, (USHORT)(bytes + sizeof(WCHAR)), (PWSTR)buffer};
  return STATUS_SUCCESS;
}

}  // extern "C"
