/* Formatted output in the kernel's dialect of printf: %wZ and %Z for counted strings, %I64 sizes, 32-bit %l, %S and %s
 * narrow or wide by the width of the format. No floating point, as in the kernel. */
#ifndef WDMFUZZ_EMU_NT_FORMAT_H
#define WDMFUZZ_EMU_NT_FORMAT_H

#include <stdarg.h>

#include "emu/nt/nt.h"

namespace nt {

/* Writes at most `capacity` characters, without a terminator, and returns how many there would be. */
SIZE_T format_narrow(char* out, SIZE_T capacity, const char* format, struct wdm_va_record* arguments);
SIZE_T format_wide(WCHAR* out, SIZE_T capacity, const WCHAR* format, struct wdm_va_record* arguments);

}  // namespace nt

#endif
