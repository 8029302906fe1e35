/* Characters: one code page (Latin-1) stands for every ANSI and OEM code page, and case is that of Latin-1. */
#ifndef WDMFUZZ_EMU_NT_TEXT_H
#define WDMFUZZ_EMU_NT_TEXT_H

#include "emu/nt/nt.h"

namespace nt {

inline WCHAR upcase(WCHAR c) {
  if (c >= L'a' && c <= L'z') return (WCHAR)(c - 32);
  if (c >= 0xE0 && c <= 0xFE && c != 0xF7) return (WCHAR)(c - 32);
  return c == 0xFF ? (WCHAR)0x178 : c;
}

inline WCHAR downcase(WCHAR c) {
  if (c >= L'A' && c <= L'Z') return (WCHAR)(c + 32);
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return (WCHAR)(c + 32);
  return c == 0x178 ? (WCHAR)0xFF : c;
}

inline WCHAR widen(char c) {
  return (unsigned char)c;
}
inline char narrow(WCHAR c) {
  return c < 0x100 ? (char)c : '?';
}

template <typename Char>
SIZE_T text_length(const Char* text) {
  SIZE_T length = 0;
  while (text[length]) ++length;
  return length;
}

/* Value of a digit in any base up to 36, or 36 and more for what is none. */
inline unsigned digit_value(unsigned c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

}  // namespace nt

#endif
