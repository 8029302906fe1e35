/* ntstrsafe.h of mingw-w64, with bodies of its own in each C source: `extern inline` of the package is one definition
 * too many as soon as a driver has two sources. */
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
