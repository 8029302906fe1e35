/* Counted strings. */
#include "emu/nt/pool.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

constexpr ULONG kStringTag = 'grtS';
constexpr SIZE_T kMaxBytes = 0xFFFC; /* the longest UNICODE_STRING with room for its terminator */

m_u32 characters(const UNICODE_STRING* string) {
  return string->Length / sizeof(WCHAR);
}
m_u32 characters(const STRING* string) {
  return string->Length;
}
WCHAR at(const UNICODE_STRING* string, m_u32 i) {
  return string->Buffer[i];
}
WCHAR at(const STRING* string, m_u32 i) {
  return widen(string->Buffer[i]);
}

template <typename String>
LONG compare(const String* a, const String* b, bool any_case) {
  const m_u32 common = characters(a) < characters(b) ? characters(a) : characters(b);
  for (m_u32 i = 0; i < common; ++i) {
    const LONG x = any_case ? upcase(at(a, i)) : at(a, i);
    const LONG y = any_case ? upcase(at(b, i)) : at(b, i);
    if (x != y) return x - y;
  }
  return (LONG)characters(a) - (LONG)characters(b);
}

template <typename String>
bool is_prefix(const String* prefix, const String* string, bool any_case) {
  if (prefix->Length > string->Length) return false;
  String head = *string;
  head.Length = prefix->Length;
  return compare(prefix, (const String*)&head, any_case) == 0;
}

template <typename String>
void copy(String* to, const String* from) {
  constexpr USHORT unit = sizeof(to->Buffer[0]);
  if (!from) {
    to->Length = 0;
    return;
  }
  const USHORT bytes = from->Length < to->MaximumLength ? from->Length : to->MaximumLength;
  __builtin_memmove(to->Buffer, from->Buffer, bytes);
  to->Length = bytes;
  if (bytes + unit <= to->MaximumLength) to->Buffer[bytes / unit] = 0;
}

NTSTATUS append(PUNICODE_STRING to, const WCHAR* text, SIZE_T bytes) {
  if (to->Length + bytes > to->MaximumLength) return STATUS_BUFFER_TOO_SMALL;
  WCHAR* end = to->Buffer + to->Length / sizeof(WCHAR);
  if (bytes) __builtin_memmove(end, text, bytes);
  to->Length = (USHORT)(to->Length + bytes);
  if (to->Length + sizeof(WCHAR) <= to->MaximumLength) end[bytes / sizeof(WCHAR)] = 0;
  return STATUS_SUCCESS;
}

NTSTATUS append_narrow(PSTRING to, const STRING* from) {
  if (to->Length + from->Length > to->MaximumLength) return STATUS_BUFFER_TOO_SMALL;
  __builtin_memmove(to->Buffer + to->Length, from->Buffer, from->Length);
  to->Length = (USHORT)(to->Length + from->Length);
  return STATUS_SUCCESS;
}

void init_wide(PUNICODE_STRING string, const WCHAR* text) {
  SIZE_T bytes = text ? text_length(text) * sizeof(WCHAR) : 0;
  if (bytes > kMaxBytes) bytes = kMaxBytes;
  *string = {(USHORT)bytes, (USHORT)(text ? bytes + sizeof(WCHAR) : 0), (PWCH)text};
}

NTSTATUS init_wide_checked(PUNICODE_STRING string, const WCHAR* text) {
  const bool fits = !text || text_length(text) * sizeof(WCHAR) <= kMaxBytes;
  if (fits) init_wide(string, text);
  return fits ? STATUS_SUCCESS : STATUS_NAME_TOO_LONG;
}

void init_narrow(PSTRING string, const char* text) {
  SIZE_T bytes = text ? text_length(text) : 0;
  if (bytes > MAXUSHORT - 1) bytes = MAXUSHORT - 1;
  *string = {(USHORT)bytes, (USHORT)(text ? bytes + 1 : 0), (PCHAR)text};
}

NTSTATUS init_narrow_checked(PSTRING string, const char* text) {
  const bool fits = !text || text_length(text) <= MAXUSHORT - 1;
  if (fits) init_narrow(string, text);
  return fits ? STATUS_SUCCESS : STATUS_NAME_TOO_LONG;
}

/* A buffer of `bytes` for the string: a new one from paged pool, or the one that it has. */
template <typename String>
NTSTATUS prepare(String* string, SIZE_T bytes, bool allocate, const void* pc) {
  if (bytes > MAXUSHORT) return STATUS_INVALID_PARAMETER_2;
  if (!allocate) return bytes <= string->MaximumLength ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
  string->Buffer = (decltype(string->Buffer))pool_allocate(PagedPool, bytes, kStringTag, pc);
  if (!string->Buffer) return STATUS_NO_MEMORY;
  string->MaximumLength = (USHORT)bytes;
  return STATUS_SUCCESS;
}

NTSTATUS narrow_to_wide(PUNICODE_STRING to, const STRING* from, bool allocate, const void* pc) {
  const NTSTATUS status = prepare(to, (from->Length + 1u) * sizeof(WCHAR), allocate, pc);
  if (status != STATUS_SUCCESS) return status;
  for (m_u32 i = 0; i < from->Length; ++i) to->Buffer[i] = widen(from->Buffer[i]);
  to->Buffer[from->Length] = 0;
  to->Length = (USHORT)(from->Length * sizeof(WCHAR));
  return STATUS_SUCCESS;
}

/* What does not fit is cut off, with STATUS_BUFFER_OVERFLOW. */
NTSTATUS wide_to_narrow(PSTRING to, const UNICODE_STRING* from, bool allocate, const void* pc) {
  m_u32 length = characters(from);
  NTSTATUS status = prepare(to, length + 1, allocate, pc);
  if (status != STATUS_SUCCESS && status != STATUS_BUFFER_OVERFLOW) return status;
  if (status == STATUS_BUFFER_OVERFLOW) {
    if (to->MaximumLength == 0) return status;
    length = to->MaximumLength - 1u;
  }
  for (m_u32 i = 0; i < length; ++i) to->Buffer[i] = narrow(from->Buffer[i]);
  to->Buffer[length] = 0;
  to->Length = (USHORT)length;
  return status;
}

template <typename Change>
NTSTATUS change_case(PUNICODE_STRING to, const UNICODE_STRING* from, bool allocate, Change change, const void* pc) {
  const NTSTATUS status = prepare(to, from->Length, allocate, pc);
  if (status != STATUS_SUCCESS) return status;
  for (m_u32 i = 0; i < characters(from); ++i) to->Buffer[i] = change(from->Buffer[i]);
  to->Length = from->Length;
  return STATUS_SUCCESS;
}

template <typename String>
void free_string(String* string, const void* pc) {
  if (string->Buffer) pool_free(string->Buffer, 0, pc);
  __builtin_memset(string, 0, sizeof(*string));
}

bool is_base(ULONG base) {
  return base == 2 || base == 8 || base == 10 || base == 16;
}

NTSTATUS number_to_string(ULONGLONG value, ULONG base, PUNICODE_STRING string) {
  if (base == 0) base = 10;
  if (!is_base(base)) return STATUS_INVALID_PARAMETER;
  WCHAR digits[64];
  m_u32 first = 64;
  do digits[--first] = (WCHAR) "0123456789ABCDEF"[value % base];
  while (value /= base);
  const SIZE_T bytes = (64 - first) * sizeof(WCHAR);
  if (bytes > string->MaximumLength) return STATUS_BUFFER_OVERFLOW;
  string->Length = 0;
  return append(string, digits + first, bytes);
}

/* Characters of a string that is being read; 0 at its end. */
template <typename Char>
struct Reader {
  const Char* text;
  SIZE_T length;

  m_u32 peek() const { return length ? (m_u32)*text : 0; }
  void skip() { ++text, --length; }
};

template <typename Char>
ULONG read_base_prefix(Reader<Char>& reader) {
  if (reader.peek() != '0' || reader.length < 2) return 10;
  const m_u32 letter = (m_u32)reader.text[1];
  const ULONG base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  if (!base) return 10;
  reader.skip();
  reader.skip();
  return base;
}

template <typename Char>
NTSTATUS string_to_number(Reader<Char> reader, ULONG base, PULONG value) {
  while (reader.peek() && reader.peek() <= ' ') reader.skip();
  const bool negative = reader.peek() == '-';
  if (negative || reader.peek() == '+') reader.skip();
  if (base == 0) base = read_base_prefix(reader);
  if (!is_base(base)) return STATUS_INVALID_PARAMETER;
  ULONG result = 0;
  for (; digit_value(reader.peek()) < base; reader.skip()) result = result * base + digit_value(reader.peek());
  *value = negative ? 0 - result : result;
  return STATUS_SUCCESS;
}

/* The documented default algorithm, x65599. */
ULONG hash(const UNICODE_STRING* string, bool any_case) {
  ULONG result = 0;
  for (m_u32 i = 0; i < characters(string); ++i)
    result = result * 65599 + (any_case ? upcase(string->Buffer[i]) : string->Buffer[i]);
  return result;
}

constexpr m_u32 kGuidCharacters = 38; /* {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx} */

/* Byte of a GUID for each pair of digits, in the order in which they are written. */
constexpr m_u8 kGuidOrder[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

bool dash_before(m_u32 pair) {
  return pair == 4 || pair == 6 || pair == 8 || pair == 10;
}

void write_guid(const GUID& guid, WCHAR* out) {
  const auto* bytes = (const m_u8*)&guid;
  *out++ = L'{';
  for (m_u32 pair = 0; pair < 16; ++pair) {
    if (dash_before(pair)) *out++ = L'-';
    *out++ = (WCHAR) "0123456789ABCDEF"[bytes[kGuidOrder[pair]] >> 4];
    *out++ = (WCHAR) "0123456789ABCDEF"[bytes[kGuidOrder[pair]] & 15];
  }
  *out++ = L'}';
  *out = 0;
}

bool read_guid(const UNICODE_STRING* string, GUID* guid) {
  if (characters(string) < kGuidCharacters || string->Buffer[0] != L'{' || string->Buffer[kGuidCharacters - 1] != L'}')
    return false;
  const WCHAR* in = string->Buffer + 1;
  for (m_u32 pair = 0; pair < 16; ++pair) {
    if (dash_before(pair) && *in++ != L'-') return false;
    const m_u32 high = digit_value(*in++);
    const m_u32 low = digit_value(*in++);
    if (high > 15 || low > 15) return false;
    ((m_u8*)guid)[kGuidOrder[pair]] = (m_u8)(high << 4 | low);
  }
  return true;
}

}  // namespace
}  // namespace nt

extern "C" {

/* One byte is one character in the code page that is assumed. */
BOOLEAN NlsMbCodePageTag = FALSE;
BOOLEAN NlsMbOemCodePageTag = FALSE;

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
  DDI_ENTER(RtlInitUnicodeString, nullptr);
  nt::init_wide(DestinationString, SourceString);
}

NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
  DDI_ENTER(RtlInitUnicodeStringEx, nullptr);
  return nt::init_wide_checked(DestinationString, SourceString);
}

VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString) {
  DDI_ENTER(RtlInitAnsiString, nullptr);
  nt::init_narrow(DestinationString, SourceString);
}

NTSTATUS NTAPI RtlInitAnsiStringEx(PANSI_STRING DestinationString, PCSZ SourceString) {
  DDI_ENTER(RtlInitAnsiStringEx, nullptr);
  return nt::init_narrow_checked(DestinationString, SourceString);
}

VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString) {
  DDI_ENTER(RtlInitString, nullptr);
  nt::init_narrow(DestinationString, SourceString);
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
  DDI_ENTER(RtlCopyUnicodeString, nullptr);
  nt::copy(DestinationString, (const UNICODE_STRING*)SourceString);
}

VOID NTAPI RtlCopyString(PSTRING DestinationString, const PSTRING SourceString) {
  DDI_ENTER(RtlCopyString, nullptr);
  nt::copy(DestinationString, (const STRING*)SourceString);
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source) {
  DDI_ENTER(RtlAppendUnicodeStringToString, nullptr);
  return nt::append(Destination, Source->Buffer, Source->Length);
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source) {
  DDI_ENTER(RtlAppendUnicodeToString, nullptr);
  return Source ? nt::append(Destination, Source, nt::text_length(Source) * sizeof(WCHAR)) : STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendStringToString(PSTRING Destination, const STRING* Source) {
  DDI_ENTER(RtlAppendStringToString, nullptr);
  return nt::append_narrow(Destination, Source);
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
  DDI_ENTER(RtlCompareUnicodeString, nullptr);
  return nt::compare(String1, String2, CaseInSensitive);
}

BOOLEAN NTAPI RtlEqualUnicodeString(const UNICODE_STRING* String1, const UNICODE_STRING* String2,
                                    BOOLEAN CaseInSensitive) {
  DDI_ENTER(RtlEqualUnicodeString, nullptr);
  return nt::compare(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
  DDI_ENTER(RtlPrefixUnicodeString, nullptr);
  return nt::is_prefix(String1, String2, CaseInSensitive);
}

LONG NTAPI RtlCompareString(const PSTRING String1, const PSTRING String2, BOOLEAN CaseInSensitive) {
  DDI_ENTER(RtlCompareString, nullptr);
  return nt::compare(String1, String2, CaseInSensitive);
}

BOOLEAN NTAPI RtlEqualString(const PSTRING String1, const PSTRING String2, BOOLEAN CaseInSensitive) {
  DDI_ENTER(RtlEqualString, nullptr);
  return nt::compare(String1, String2, CaseInSensitive) == 0;
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PANSI_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlAnsiStringToUnicodeString, nullptr);
  return nt::narrow_to_wide(DestinationString, SourceString, AllocateDestinationString, ddi.pc());
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlUnicodeStringToAnsiString, nullptr);
  return nt::wide_to_narrow(DestinationString, SourceString, AllocateDestinationString, ddi.pc());
}

NTSTATUS NTAPI RtlOemStringToUnicodeString(PUNICODE_STRING DestinationString, PCOEM_STRING SourceString,
                                           BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlOemStringToUnicodeString, nullptr);
  return nt::narrow_to_wide(DestinationString, SourceString, AllocateDestinationString, ddi.pc());
}

NTSTATUS NTAPI RtlUnicodeStringToOemString(POEM_STRING DestinationString, PCUNICODE_STRING SourceString,
                                           BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlUnicodeStringToOemString, nullptr);
  return nt::wide_to_narrow(DestinationString, SourceString, AllocateDestinationString, ddi.pc());
}

ULONG NTAPI RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString) {
  DDI_ENTER(RtlxAnsiStringToUnicodeSize, nullptr);
  return (AnsiString->Length + 1u) * sizeof(WCHAR);
}

ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString) {
  DDI_ENTER(RtlxUnicodeStringToAnsiSize, nullptr);
  return nt::characters(UnicodeString) + 1;
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING UniDest, PCUNICODE_STRING UniSource,
                                      BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlUpcaseUnicodeString, nullptr);
  return nt::change_case(UniDest, UniSource, AllocateDestinationString, nt::upcase, ddi.pc());
}

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING UniDest, PCUNICODE_STRING UniSource,
                                        BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlDowncaseUnicodeString, nullptr);
  return nt::change_case(UniDest, UniSource, AllocateDestinationString, nt::downcase, ddi.pc());
}

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter) {
  DDI_ENTER(RtlUpcaseUnicodeChar, nullptr);
  return nt::upcase(SourceCharacter);
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter) {
  DDI_ENTER(RtlDowncaseUnicodeChar, nullptr);
  return nt::downcase(SourceCharacter);
}

CHAR NTAPI RtlUpperChar(CHAR Character) {
  DDI_ENTER(RtlUpperChar, nullptr);
  return nt::narrow(nt::upcase(nt::widen(Character)));
}

VOID NTAPI RtlUpperString(PSTRING DestinationString, const PSTRING SourceString) {
  DDI_ENTER(RtlUpperString, nullptr);
  nt::copy(DestinationString, (const STRING*)SourceString);
  for (USHORT i = 0; i < DestinationString->Length; ++i)
    DestinationString->Buffer[i] = nt::narrow(nt::upcase(nt::widen(DestinationString->Buffer[i])));
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString) {
  DDI_ENTER(RtlFreeUnicodeString, nullptr);
  nt::free_string(UnicodeString, ddi.pc());
}

VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString) {
  DDI_ENTER(RtlFreeAnsiString, nullptr);
  nt::free_string(AnsiString, ddi.pc());
}

VOID NTAPI RtlFreeOemString(POEM_STRING OemString) {
  DDI_ENTER(RtlFreeOemString, nullptr);
  nt::free_string(OemString, ddi.pc());
}

BOOLEAN NTAPI RtlCreateUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
  DDI_ENTER(RtlCreateUnicodeString, nullptr);
  UNICODE_STRING source;
  nt::init_wide(&source, SourceString);
  if (nt::prepare(DestinationString, source.MaximumLength, true, ddi.pc()) != STATUS_SUCCESS) return FALSE;
  nt::copy(DestinationString, (const UNICODE_STRING*)&source);
  return TRUE;
}

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String) {
  DDI_ENTER(RtlIntegerToUnicodeString, nullptr);
  return nt::number_to_string(Value, Base, String);
}

NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String) {
  DDI_ENTER(RtlInt64ToUnicodeString, nullptr);
  return nt::number_to_string(Value, Base, String);
}

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value) {
  DDI_ENTER(RtlUnicodeStringToInteger, nullptr);
  return nt::string_to_number<WCHAR>({String->Buffer, nt::characters(String)}, Base, Value);
}

NTSTATUS NTAPI RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value) {
  DDI_ENTER(RtlCharToInteger, nullptr);
  return nt::string_to_number<unsigned char>({(const unsigned char*)String, nt::text_length(String)}, Base, Value);
}

NTSTATUS NTAPI RtlHashUnicodeString(const UNICODE_STRING* String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm,
                                    PULONG HashValue) {
  DDI_ENTER(RtlHashUnicodeString, nullptr);
  if (HashAlgorithm != HASH_STRING_ALGORITHM_DEFAULT && HashAlgorithm != HASH_STRING_ALGORITHM_X65599)
    return STATUS_INVALID_PARAMETER;
  *HashValue = nt::hash(String, CaseInSensitive);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString) {
  DDI_ENTER(RtlStringFromGUID, nullptr);
  const NTSTATUS status = nt::prepare(GuidString, (nt::kGuidCharacters + 1) * sizeof(WCHAR), true, ddi.pc());
  if (status != STATUS_SUCCESS) return status;
  nt::write_guid(Guid, GuidString->Buffer);
  GuidString->Length = nt::kGuidCharacters * sizeof(WCHAR);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGUIDFromString(PUNICODE_STRING GuidString, GUID* Guid) {
  DDI_ENTER(RtlGUIDFromString, nullptr);
  return nt::read_guid(GuidString, Guid) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

}  // extern "C"
