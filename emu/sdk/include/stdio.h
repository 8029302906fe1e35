/* The formatting functions of the kernel's C run-time. The package would define them inline over its user-mode library. */
#pragma once

#include <crtdefs.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef NULL
#ifdef __cplusplus
#define NULL 0LL
#else
#define NULL ((void *)0)
#endif
#endif
#define EOF (-1)

typedef struct _iobuf FILE;

int sprintf(char *out, const char *format, ...);
int vsprintf(char *out, const char *format, va_list arguments);
int snprintf(char *out, size_t size, const char *format, ...);
int vsnprintf(char *out, size_t size, const char *format, va_list arguments);
int _snprintf(char *out, size_t size, const char *format, ...);
int _vsnprintf(char *out, size_t size, const char *format, va_list arguments);
int _snprintf_s(char *out, size_t size, size_t count, const char *format, ...);
int _vsnprintf_s(char *out, size_t size, size_t count, const char *format, va_list arguments);
int sprintf_s(char *out, size_t size, const char *format, ...);
int vsprintf_s(char *out, size_t size, const char *format, va_list arguments);
int _scprintf(const char *format, ...);
int _vscprintf(const char *format, va_list arguments);
int sscanf(const char *text, const char *format, ...);
int sscanf_s(const char *text, const char *format, ...);

int swprintf(wchar_t *out, const wchar_t *format, ...);
int vswprintf(wchar_t *out, const wchar_t *format, va_list arguments);
int _swprintf(wchar_t *out, const wchar_t *format, ...);
int _snwprintf(wchar_t *out, size_t size, const wchar_t *format, ...);
int _vsnwprintf(wchar_t *out, size_t size, const wchar_t *format, va_list arguments);
int _snwprintf_s(wchar_t *out, size_t size, size_t count, const wchar_t *format, ...);
int _vsnwprintf_s(wchar_t *out, size_t size, size_t count, const wchar_t *format, va_list arguments);
int swprintf_s(wchar_t *out, size_t size, const wchar_t *format, ...);
int vswprintf_s(wchar_t *out, size_t size, const wchar_t *format, va_list arguments);
int _scwprintf(const wchar_t *format, ...);
int _vscwprintf(const wchar_t *format, va_list arguments);
int swscanf(const wchar_t *text, const wchar_t *format, ...);
int swscanf_s(const wchar_t *text, const wchar_t *format, ...);

#ifdef __cplusplus
}
#endif
