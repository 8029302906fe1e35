/* The object namespace, as far as devices and symbolic links need it. Names compare without regard to case. */
#include "emu/nt/device.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

struct Name {
  Name* next;
  PDEVICE_OBJECT device; /* null for a symbolic link */
  WCHAR* text;           /* canonical form */
  m_u32 length;          /* characters */
  WCHAR* target;         /* of a symbolic link, canonical form */
  m_u32 target_length;
};

Name* names;

struct Alias {
  const WCHAR* prefix;
  m_u32 length;
};

/* All of them mean \??\ to a driver. Longest first. */
const Alias aliases[] = {
    {L"\\DosDevices\\Global\\", 19}, {L"\\GLOBAL??\\", 10}, {L"\\DosDevices\\", 12}, {L"\\??\\Global\\", 11}};
const WCHAR dos_prefix[] = L"\\??\\";

WCHAR upper(WCHAR c) {
  return c >= L'a' && c <= L'z' ? (WCHAR)(c - 32) : c;
}

bool same(const WCHAR* a, const WCHAR* b, m_u32 length) {
  for (m_u32 i = 0; i < length; ++i)
    if (upper(a[i]) != upper(b[i])) return false;
  return true;
}

/* Copies into kernel memory with the prefixes made equal. */
WCHAR* canonical(const UNICODE_STRING* name, m_u32* length) {
  const WCHAR* text = name->Buffer;
  m_u32 rest = name->Length / sizeof(WCHAR);
  m_u32 prefix = 0;
  for (const Alias& alias : aliases) {
    if (rest < alias.length || !same(text, alias.prefix, alias.length)) continue;
    text += alias.length;
    rest -= alias.length;
    prefix = 4;
    break;
  }
  auto* copy =
      (WCHAR*)mach_pool_alloc((prefix + rest + 1) * sizeof(WCHAR), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  __builtin_memcpy(copy, dos_prefix, prefix * sizeof(WCHAR));
  if (rest) __builtin_memcpy(copy + prefix, text, rest * sizeof(WCHAR));
  *length = prefix + rest;
  return copy;
}

Name* find(const WCHAR* text, m_u32 length) {
  for (Name* name = names; name; name = name->next)
    if (name->length == length && same(name->text, text, length)) return name;
  return nullptr;
}

void unlink(Name** at) {
  Name* name = *at;
  *at = name->next;
  mach_pool_free(name->text, 0, nullptr);
  if (name->target) mach_pool_free(name->target, 0, nullptr);
  mach_pool_free(name, 0, nullptr);
}

}  // namespace

void reset_names() {
  names = nullptr;
}

NTSTATUS add_name(const UNICODE_STRING* text, PDEVICE_OBJECT device, const UNICODE_STRING* target) {
  if (text->Length == 0 || text->Buffer[0] != L'\\') return STATUS_OBJECT_PATH_SYNTAX_BAD;
  auto* name = (Name*)mach_pool_alloc(sizeof(Name), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  name->text = canonical(text, &name->length);
  if (find(name->text, name->length)) {
    mach_pool_free(name->text, 0, nullptr);
    mach_pool_free(name, 0, nullptr);
    return STATUS_OBJECT_NAME_COLLISION;
  }
  name->device = device;
  if (target) name->target = canonical(target, &name->target_length);
  name->next = names;
  names = name;
  return STATUS_SUCCESS;
}

/* Where the name hangs in the list, or at the list's end. */
static Name** find_link(const UNICODE_STRING* text) {
  m_u32 length;
  WCHAR* copy = canonical(text, &length);
  Name** at = &names;
  while (*at && ((*at)->length != length || !same((*at)->text, copy, length))) at = &(*at)->next;
  mach_pool_free(copy, 0, nullptr);
  return at;
}

NTSTATUS remove_link(const UNICODE_STRING* text) {
  Name** at = find_link(text);
  if (!*at) return STATUS_OBJECT_NAME_NOT_FOUND;
  if ((*at)->device) return STATUS_OBJECT_TYPE_MISMATCH;
  unlink(at);
  return STATUS_SUCCESS;
}

void remove_device_name(const UNICODE_STRING* text) {
  Name** at = find_link(text);
  if (*at && (*at)->device) unlink(at);
}

void remove_names_of(PDEVICE_OBJECT device) {
  for (Name** at = &names; *at;) {
    if ((*at)->device == device)
      unlink(at);
    else
      at = &(*at)->next;
  }
}

const UNICODE_STRING* name_of_device(PDEVICE_OBJECT device) {
  static UNICODE_STRING found;
  for (Name* name = names; name; name = name->next) {
    if (name->device != device || (name->length >= 4 && same(name->text, dos_prefix, 4))) continue;
    const auto bytes = (USHORT)(name->length * sizeof(WCHAR));
    found = {bytes, bytes, name->text};
    return &found;
  }
  return nullptr;
}

PDEVICE_OBJECT find_by_name(const UNICODE_STRING* text) {
  Name* name = *find_link(text);
  for (unsigned hops = 0; name && name->target && hops < 16; ++hops) name = find(name->target, name->target_length);
  return name ? name->device : nullptr;
}

/* The longest name that `text` begins with, up to a backslash or the end; null when there is none. */
static Name* find_prefix(const WCHAR* text, m_u32 length) {
  for (m_u32 end = length; end > 0; --end) {
    if (end < length && text[end] != L'\\') continue;
    if (Name* name = find(text, end)) return name;
  }
  return nullptr;
}

static WCHAR* join(const WCHAR* first, m_u32 first_length, const WCHAR* second, m_u32 second_length) {
  auto* whole = (WCHAR*)mach_pool_alloc((first_length + second_length + 1) * sizeof(WCHAR), 0, MACH_POOL_KERNEL, nullptr);
  __builtin_memcpy(whole, first, first_length * sizeof(WCHAR));
  if (second_length) __builtin_memcpy(whole + first_length, second, second_length * sizeof(WCHAR));
  return whole;
}

PDEVICE_OBJECT find_by_path(const UNICODE_STRING* path, UNICODE_STRING* rest) {
  if (!path->Length || path->Buffer[0] != L'\\') return nullptr;
  make_memory_volume();
  m_u32 length;
  const WCHAR* text = canonical(path, &length);
  for (unsigned hops = 0; hops < 16; ++hops) {
    Name* name = find_prefix(text, length);
    if (!name) return nullptr;
    const m_u32 left = length - name->length;
    if (name->device) {
      rest->Buffer = (PWSTR)text + name->length;
      rest->Length = rest->MaximumLength = (USHORT)(left * sizeof(WCHAR));
      return name->device;
    }
    text = join(name->target, name->target_length, text + name->length, left);
    length = name->target_length + left;
  }
  return nullptr;
}

}  // namespace nt
