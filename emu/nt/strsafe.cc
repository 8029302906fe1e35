/* The string functions of ntstrsafe.h, for drivers whose header does not carry their bodies. */
#include "emu/nt/format.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

constexpr SIZE_T kMaxCharacters = 2147483647;

bool is_size(SIZE_T characters) {
  return characters > 0 && characters <= kMaxCharacters;
}

/* At most `limit` characters of `from`; what does not fit is cut off. */
template <typename Char>
NTSTATUS safe_copy(Char* to, SIZE_T size, const Char* from, SIZE_T limit) {
  if (!is_size(size)) return STATUS_INVALID_PARAMETER;
  SIZE_T i = 0;
  for (; i < limit && from[i] && i < size - 1; ++i) to[i] = from[i];
  to[i] = 0;
  return i < limit && from[i] ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

template <typename Char>
NTSTATUS safe_length(const Char* text, SIZE_T limit, SIZE_T* length) {
  SIZE_T i = 0;
  const bool valid = text && limit <= kMaxCharacters;
  while (valid && i < limit && text[i]) ++i;
  const bool terminated = valid && i < limit;
  if (length) *length = terminated ? i : 0;
  return terminated ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

template <typename Char>
NTSTATUS safe_cat(Char* to, SIZE_T size, const Char* from, SIZE_T limit) {
  SIZE_T length = 0;
  if (!is_size(size) || safe_length(to, size, &length) != STATUS_SUCCESS) return STATUS_INVALID_PARAMETER;
  return safe_copy(to + length, size - length, from, limit);
}

SIZE_T format(char* out, SIZE_T capacity, const char* text, struct wdm_va_record* arguments) {
  return format_narrow(out, capacity, text, arguments);
}

SIZE_T format(WCHAR* out, SIZE_T capacity, const WCHAR* text, struct wdm_va_record* arguments) {
  return format_wide(out, capacity, text, arguments);
}

template <typename Char>
NTSTATUS safe_print(Char* to, SIZE_T size, const Char* text, struct wdm_va_record* arguments) {
  if (!is_size(size)) return STATUS_INVALID_PARAMETER;
  const SIZE_T length = format(to, size - 1, text, arguments);
  to[length < size ? length : size - 1] = 0;
  return length < size ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

constexpr SIZE_T kAll = ~(SIZE_T)0;

}  // namespace
}  // namespace nt

/* `unit` is 1 for the Cch functions, which count characters, and the size of one for the Cb functions. */
#define STRSAFE(prefix, suffix, Char, unit)                                                                       \
  NTSTATUS NTAPI RtlString##prefix##Copy##suffix(Char* pszDest, size_t size, const Char* pszSrc) {                \
    DDI_ENTER(RtlString##prefix##Copy##suffix, nullptr);                                                          \
    return nt::safe_copy(pszDest, size / (unit), pszSrc, nt::kAll);                                               \
  }                                                                                                               \
  NTSTATUS NTAPI RtlString##prefix##CopyN##suffix(Char* pszDest, size_t size, const Char* pszSrc, size_t limit) { \
    DDI_ENTER(RtlString##prefix##CopyN##suffix, nullptr);                                                         \
    return nt::safe_copy(pszDest, size / (unit), pszSrc, limit / (unit));                                         \
  }                                                                                                               \
  NTSTATUS NTAPI RtlString##prefix##Cat##suffix(Char* pszDest, size_t size, const Char* pszSrc) {                 \
    DDI_ENTER(RtlString##prefix##Cat##suffix, nullptr);                                                           \
    return nt::safe_cat(pszDest, size / (unit), pszSrc, nt::kAll);                                                \
  }                                                                                                               \
  NTSTATUS NTAPI RtlString##prefix##CatN##suffix(Char* pszDest, size_t size, const Char* pszSrc, size_t limit) {  \
    DDI_ENTER(RtlString##prefix##CatN##suffix, nullptr);                                                          \
    return nt::safe_cat(pszDest, size / (unit), pszSrc, limit / (unit));                                          \
  }                                                                                                               \
  NTSTATUS NTAPI RtlString##prefix##Length##suffix(const Char* psz, size_t limit, size_t* length) {               \
    DDI_ENTER(RtlString##prefix##Length##suffix, nullptr);                                                        \
    SIZE_T characters = 0;                                                                                        \
    const NTSTATUS status = nt::safe_length(psz, limit / (unit), &characters);                                    \
    if (length) *length = characters * (unit);                                                                    \
    return status;                                                                                                \
  }                                                                                                               \
  NTSTATUS NTAPI RtlString##prefix##VPrintf##suffix(Char* pszDest, size_t size, const Char* pszFormat,            \
                                                    va_list argList) {                                            \
    DDI_ENTER(RtlString##prefix##VPrintf##suffix, nullptr);                                                       \
    return nt::safe_print(pszDest, size / (unit), pszFormat, argList);                                            \
  }                                                                                                               \
  NTSTATUS RtlString##prefix##Printf##suffix(Char* pszDest, size_t size, const Char* pszFormat, ...) {            \
    DDI_ENTER(RtlString##prefix##Printf##suffix, nullptr);                                                        \
    va_list arguments;                                                                                            \
    va_start(arguments, pszFormat);                                                                               \
    const NTSTATUS status = nt::safe_print(pszDest, size / (unit), pszFormat, arguments);                         \
    va_end(arguments);                                                                                            \
    return status;                                                                                                \
  }

extern "C" {

STRSAFE(Cch, A, char, 1)
STRSAFE(Cch, W, WCHAR, 1)
STRSAFE(Cb, A, char, 1)
STRSAFE(Cb, W, WCHAR, sizeof(WCHAR))

}  // extern "C"
