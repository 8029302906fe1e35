/* The functions of ntstrsafe.h on counted strings. None of them ends a string with a zero. */
#include "emu/nt/format.h"
#include "emu/nt/text.h"

#include <ntstrsafe.h>

namespace nt {
namespace {

constexpr SIZE_T kMostCharacters = 0xffff / sizeof(WCHAR);

bool is_valid(const UNICODE_STRING* string) {
  if (!string) return true;
  if (string->Length % sizeof(WCHAR) || string->MaximumLength % sizeof(WCHAR) || string->Length > string->MaximumLength)
    return false;
  return string->Buffer || (!string->Length && !string->MaximumLength);
}

NTSTATUS init(PUNICODE_STRING out, const WCHAR* text, ULONG flags) {
  if (!out || (flags & ~(ULONG)STRSAFE_IGNORE_NULLS)) return STATUS_INVALID_PARAMETER;
  *out = {};
  if (!text && (flags & STRSAFE_IGNORE_NULLS)) text = L"";
  if (!text) return STATUS_SUCCESS;
  const SIZE_T length = text_length(text);
  if (length >= kMostCharacters) return STATUS_INVALID_PARAMETER;
  *out = {(USHORT)(length * sizeof(WCHAR)), (USHORT)((length + 1) * sizeof(WCHAR)), (PWSTR)text};
  return STATUS_SUCCESS;
}

/* Puts characters behind the first `keep` bytes; what does not fit is cut off. */
NTSTATUS put(PUNICODE_STRING out, USHORT keep, const WCHAR* text, SIZE_T characters) {
  if (!out || !is_valid(out)) return STATUS_INVALID_PARAMETER;
  const SIZE_T room = (out->MaximumLength - keep) / sizeof(WCHAR), count = characters < room ? characters : room;
  if (count) __builtin_memmove((char*)out->Buffer + keep, text, count * sizeof(WCHAR));
  out->Length = (USHORT)(keep + count * sizeof(WCHAR));
  return count < characters ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS print(PUNICODE_STRING out, const WCHAR* format, struct wdm_va_record* arguments) {
  if (!out || !is_valid(out)) return STATUS_INVALID_PARAMETER;
  const SIZE_T room = out->MaximumLength / sizeof(WCHAR), length = format_wide(out->Buffer, room, format, arguments);
  out->Length = (USHORT)((length < room ? length : room) * sizeof(WCHAR));
  return length <= room ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

}  // namespace
}  // namespace nt

extern "C" {

NTSTATUS NTAPI RtlUnicodeStringInit(PUNICODE_STRING DestinationString, const WCHAR* pszSrc) {
  DDI_ENTER(RtlUnicodeStringInit, nullptr);
  return nt::init(DestinationString, pszSrc, 0);
}

NTSTATUS NTAPI RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, const WCHAR* pszSrc, ULONG dwFlags) {
  DDI_ENTER(RtlUnicodeStringInitEx, nullptr);
  return nt::init(DestinationString, pszSrc, dwFlags);
}

NTSTATUS NTAPI RtlUnicodeStringValidate(PCUNICODE_STRING SourceString) {
  DDI_ENTER(RtlUnicodeStringValidate, nullptr);
  return SourceString && nt::is_valid(SourceString) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
  DDI_ENTER(RtlUnicodeStringCopy, nullptr);
  if (!SourceString || !nt::is_valid(SourceString)) return STATUS_INVALID_PARAMETER;
  return nt::put(DestinationString, 0, SourceString->Buffer, SourceString->Length / sizeof(WCHAR));
}

NTSTATUS NTAPI RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, const WCHAR* pszSrc) {
  DDI_ENTER(RtlUnicodeStringCopyString, nullptr);
  return nt::put(DestinationString, 0, pszSrc, nt::text_length(pszSrc));
}

NTSTATUS NTAPI RtlUnicodeStringCat(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
  DDI_ENTER(RtlUnicodeStringCat, nullptr);
  if (!SourceString || !nt::is_valid(SourceString)) return STATUS_INVALID_PARAMETER;
  return nt::put(DestinationString, DestinationString->Length, SourceString->Buffer, SourceString->Length / sizeof(WCHAR));
}

NTSTATUS NTAPI RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, const WCHAR* pszSrc) {
  DDI_ENTER(RtlUnicodeStringCatString, nullptr);
  return nt::put(DestinationString, DestinationString->Length, pszSrc, nt::text_length(pszSrc));
}

NTSTATUS NTAPI RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, const WCHAR* pszFormat, va_list argList) {
  DDI_ENTER(RtlUnicodeStringVPrintf, nullptr);
  return nt::print(DestinationString, pszFormat, argList);
}

NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, const WCHAR* pszFormat, ...) {
  DDI_ENTER(RtlUnicodeStringPrintf, nullptr);
  va_list arguments;
  va_start(arguments, pszFormat);
  const NTSTATUS status = nt::print(DestinationString, pszFormat, arguments);
  va_end(arguments);
  return status;
}

}  // extern "C"
