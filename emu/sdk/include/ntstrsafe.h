/* ntstrsafe.h of mingw-w64, and the functions on counted strings that it lacks. Each C source gets bodies of its own: `extern
 * inline` of the package is one definition too many as soon as a driver has two sources. */
#pragma once
#include <ntdef.h>
#include <stdio.h>
#include <string.h>
#include <stdarg.h>
#include <specstrings.h>
#include <_mingw_unicode.h>

#ifdef __cplusplus
#include_next <ntstrsafe.h>
#else
#pragma push_macro("extern")
#define extern static
#include_next <ntstrsafe.h>
#pragma pop_macro("extern")
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef NTSTRSAFE_UNICODE_STRING_MAX_CCH
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(wchar_t))
#endif

NTSTATUS NTAPI RtlUnicodeStringInit(PUNICODE_STRING DestinationString, const WCHAR *pszSrc);
NTSTATUS NTAPI RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc, ULONG dwFlags);
NTSTATUS NTAPI RtlUnicodeStringValidate(PCUNICODE_STRING SourceString);
NTSTATUS NTAPI RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString);
NTSTATUS NTAPI RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, const WCHAR *pszSrc);
NTSTATUS NTAPI RtlUnicodeStringCat(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString);
NTSTATUS NTAPI RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, const WCHAR *pszSrc);
NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, const WCHAR *pszFormat, ...);
NTSTATUS NTAPI RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, const WCHAR *pszFormat, va_list argList);

#ifdef __cplusplus
}
#endif
