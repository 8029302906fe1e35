/* Conversions between counted characters of several code pages, which here are one: Latin-1. */
#include "emu/nt/pool.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

NTSTATUS to_unicode(WCHAR* out, ULONG room, ULONG* written, const char* in, ULONG bytes) {
  const ULONG count = bytes < room / sizeof(WCHAR) ? bytes : room / (ULONG)sizeof(WCHAR);
  for (ULONG i = 0; i < count; ++i) out[i] = widen(in[i]);
  if (written) *written = count * sizeof(WCHAR);
  return count < bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS from_unicode(char* out, ULONG room, ULONG* written, const WCHAR* in, ULONG bytes, bool upper) {
  const ULONG characters = bytes / sizeof(WCHAR), count = characters < room ? characters : room;
  for (ULONG i = 0; i < count; ++i) out[i] = narrow(upper ? upcase(in[i]) : in[i]);
  if (written) *written = count;
  return count < characters ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

constexpr ULONG kStringTag = 'grtS';

/* Counted strings have no zero at their end. */
NTSTATUS counted_from_unicode(POEM_STRING out, PCUNICODE_STRING in, bool allocate, bool upper, const void* pc) {
  const USHORT bytes = in->Length / sizeof(WCHAR);
  if (allocate) {
    out->Buffer = (PCHAR)pool_allocate(PagedPool, bytes ? bytes : 1, kStringTag, pc);
    if (!out->Buffer) return STATUS_NO_MEMORY;
    out->MaximumLength = bytes;
  } else if (bytes > out->MaximumLength) {
    return STATUS_BUFFER_OVERFLOW;
  }
  out->Length = bytes;
  return from_unicode(out->Buffer, bytes, nullptr, in->Buffer, in->Length, upper);
}

NTSTATUS counted_from_oem(PUNICODE_STRING out, POEM_STRING in, bool allocate, const void* pc) {
  const ULONG bytes = in->Length * sizeof(WCHAR);
  if (bytes > 0xffff) return STATUS_INVALID_PARAMETER_2;
  if (allocate) {
    out->Buffer = (PWSTR)pool_allocate(PagedPool, bytes ? bytes : 1, kStringTag, pc);
    if (!out->Buffer) return STATUS_NO_MEMORY;
    out->MaximumLength = (USHORT)bytes;
  } else if (bytes > out->MaximumLength) {
    return STATUS_BUFFER_OVERFLOW;
  }
  out->Length = (USHORT)bytes;
  return to_unicode(out->Buffer, bytes, nullptr, in->Buffer, in->Length);
}

}  // namespace
}  // namespace nt

extern "C" {

NTSYSAPI NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString, PULONG BytesInUnicodeString,
                                               const CHAR* MultiByteString, ULONG BytesInMultiByteString) {
  DDI_ENTER(RtlMultiByteToUnicodeN, nullptr);
  nt::to_unicode(UnicodeString, MaxBytesInUnicodeString, BytesInUnicodeString, MultiByteString, BytesInMultiByteString);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, const CHAR*, ULONG BytesInMultiByteString) {
  DDI_ENTER(RtlMultiByteToUnicodeSize, nullptr);
  *BytesInUnicodeString = BytesInMultiByteString * sizeof(WCHAR);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH, ULONG BytesInUnicodeString) {
  DDI_ENTER(RtlUnicodeToMultiByteSize, nullptr);
  *BytesInMultiByteString = BytesInUnicodeString / sizeof(WCHAR);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                               PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                               ULONG BytesInUnicodeString) {
  DDI_ENTER(RtlUnicodeToMultiByteN, nullptr);
  nt::from_unicode(MultiByteString, MaxBytesInMultiByteString, BytesInMultiByteString, UnicodeString, BytesInUnicodeString,
                   false);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlOemToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString, PULONG BytesInUnicodeString,
                                         PCCH OemString, ULONG BytesInOemString) {
  DDI_ENTER(RtlOemToUnicodeN, nullptr);
  return nt::to_unicode(UnicodeString, MaxBytesInUnicodeString, BytesInUnicodeString, OemString, BytesInOemString);
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString, PULONG BytesInOemString,
                                         PCWCH UnicodeString, ULONG BytesInUnicodeString) {
  DDI_ENTER(RtlUnicodeToOemN, nullptr);
  return nt::from_unicode(OemString, MaxBytesInOemString, BytesInOemString, UnicodeString, BytesInUnicodeString, false);
}

NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString, PULONG BytesInOemString,
                                               PCWCH UnicodeString, ULONG BytesInUnicodeString) {
  DDI_ENTER(RtlUpcaseUnicodeToOemN, nullptr);
  return nt::from_unicode(OemString, MaxBytesInOemString, BytesInOemString, UnicodeString, BytesInUnicodeString, true);
}

NTSYSAPI NTSTATUS NTAPI RtlOemStringToCountedUnicodeString(PUNICODE_STRING DestinationString, PCOEM_STRING SourceString,
                                                           BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlOemStringToCountedUnicodeString, nullptr);
  return nt::counted_from_oem(DestinationString, (POEM_STRING)SourceString, AllocateDestinationString, ddi.pc());
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToCountedOemString(POEM_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                           BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlUnicodeStringToCountedOemString, nullptr);
  return nt::counted_from_unicode(DestinationString, SourceString, AllocateDestinationString, false, ddi.pc());
}

NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeStringToCountedOemString(POEM_STRING DestinationString,
                                                                 PCUNICODE_STRING SourceString,
                                                                 BOOLEAN AllocateDestinationString) {
  DDI_ENTER(RtlUpcaseUnicodeStringToCountedOemString, nullptr);
  return nt::counted_from_unicode(DestinationString, SourceString, AllocateDestinationString, true, ddi.pc());
}

}  // extern "C"
