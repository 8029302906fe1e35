#include "emu/nt/format.h"

namespace nt {
namespace {

enum class Size { byte, half, normal, wide }; /* char, short, 32 bits, 64 bits */
enum class Text { by_format, narrow, wide };  /* h, or l and w, before s, c, Z */

struct Spec {
  bool left, plus, space, alternate, zero;
  m_u32 width;
  bool has_precision;
  m_u32 precision;
  Size size;
  Text text;
  char conversion; /* 0 at the end of the format */
};

template <typename Char>
struct Output {
  Char* out;
  SIZE_T capacity;
  SIZE_T length;

  void put(m_u32 c) {
    if (length < capacity) out[length] = (Char)c;
    ++length;
  }
  void repeat(char c, SIZE_T count) {
    while (count-- > 0) put((unsigned char)c);
  }
};

/* Characters of a string argument, narrow or wide. */
struct Source {
  const char* narrow;
  const WCHAR* wide;
  SIZE_T length;

  m_u32 at(SIZE_T i) const { return narrow ? (unsigned char)narrow[i] : wide[i]; }
};

template <typename Unit>
SIZE_T length_up_to(const Unit* text, SIZE_T limit) {
  SIZE_T length = 0;
  while (length < limit && text[length]) ++length;
  return length;
}

template <typename Char>
m_u32 parse_number(const Char*& at) {
  m_u32 number = 0;
  while (*at >= '0' && *at <= '9') number = number * 10 + (m_u32)(*at++ - '0');
  return number;
}

template <typename Char>
void parse_flags(const Char*& at, Spec& spec) {
  for (;; ++at) {
    if (*at == '-')
      spec.left = true;
    else if (*at == '+')
      spec.plus = true;
    else if (*at == ' ')
      spec.space = true;
    else if (*at == '#')
      spec.alternate = true;
    else if (*at == '0')
      spec.zero = true;
    else
      return;
  }
}

template <typename Char>
void parse_width(const Char*& at, Spec& spec, struct wdm_va_record* arguments) {
  if (*at != '*') {
    spec.width = parse_number(at);
    return;
  }
  ++at;
  const int width = va_arg(arguments, int);
  spec.left |= width < 0;
  spec.width = (m_u32)(width < 0 ? -width : width);
}

template <typename Char>
void parse_precision(const Char*& at, Spec& spec, struct wdm_va_record* arguments) {
  if (*at != '.') return;
  ++at;
  spec.has_precision = true;
  if (*at != '*') {
    spec.precision = parse_number(at);
    return;
  }
  ++at;
  const int precision = va_arg(arguments, int);
  spec.has_precision = precision >= 0;
  spec.precision = (m_u32)precision;
}

/* I64, I32, I, ll, l, w, hh, h, z, t, j */
template <typename Char>
void parse_size(const Char*& at, Spec& spec) {
  if (at[0] == 'I' && at[1] == '6' && at[2] == '4') return spec.size = Size::wide, (void)(at += 3);
  if (at[0] == 'I' && at[1] == '3' && at[2] == '2') return (void)(at += 3);
  if (at[0] == 'l' && at[1] == 'l') return spec.size = Size::wide, (void)(at += 2);
  if (at[0] == 'h' && at[1] == 'h') return spec.size = Size::byte, (void)(at += 2);
  switch (*at) {
    case 'I':
    case 'z':
    case 't':
    case 'j':
      spec.size = Size::wide;
      break;
    case 'l':
    case 'w':
      spec.text = Text::wide;
      break;
    case 'h':
      spec.size = Size::half;
      spec.text = Text::narrow;
      break;
    default:
      return;
  }
  ++at;
}

template <typename Char>
Spec parse_spec(const Char*& at, struct wdm_va_record* arguments) {
  Spec spec = {};
  spec.size = Size::normal;
  parse_flags(at, spec);
  parse_width(at, spec, arguments);
  parse_precision(at, spec, arguments);
  parse_size(at, spec);
  spec.conversion = (char)*at;
  if (*at) ++at;
  return spec;
}

m_u64 unsigned_argument(const Spec& spec, struct wdm_va_record* arguments) {
  switch (spec.size) {
    case Size::wide:
      return va_arg(arguments, unsigned long long);
    case Size::normal:
      return va_arg(arguments, unsigned int);
    case Size::half:
      return (unsigned short)va_arg(arguments, unsigned int);
    case Size::byte:
      return (unsigned char)va_arg(arguments, unsigned int);
  }
  return 0;
}

m_i64 signed_argument(const Spec& spec, struct wdm_va_record* arguments) {
  switch (spec.size) {
    case Size::wide:
      return va_arg(arguments, long long);
    case Size::normal:
      return va_arg(arguments, int);
    case Size::half:
      return (short)va_arg(arguments, int);
    case Size::byte:
      return (signed char)va_arg(arguments, int);
  }
  return 0;
}

template <typename Char>
void put_padded(Output<Char>& output, const Spec& spec, const char* prefix, m_u32 prefix_length, const Source& text,
                SIZE_T zeros) {
  const SIZE_T length = prefix_length + zeros + text.length;
  const SIZE_T padding = spec.width > length ? spec.width - length : 0;
  if (!spec.left) output.repeat(' ', padding);
  for (m_u32 i = 0; i < prefix_length; ++i) output.put((unsigned char)prefix[i]);
  output.repeat('0', zeros);
  for (SIZE_T i = 0; i < text.length; ++i) output.put(text.at(i));
  if (spec.left) output.repeat(' ', padding);
}

template <typename Char>
void put_number(Output<Char>& output, const Spec& spec, m_u64 value, m_u32 base, bool upper, const char* prefix) {
  char digits[32];
  m_u32 first = sizeof(digits);
  const char* names = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  for (; value; value /= base) digits[--first] = names[value % base];
  const m_u32 count = sizeof(digits) - first;
  m_u32 prefix_length = 0;
  while (prefix[prefix_length]) ++prefix_length;
  SIZE_T wanted = spec.has_precision ? spec.precision : 1;
  if (spec.zero && !spec.left && !spec.has_precision && spec.width > prefix_length) wanted = spec.width - prefix_length;
  const SIZE_T zeros = wanted > count ? wanted - count : 0;
  put_padded(output, spec, prefix, prefix_length, {digits + first, nullptr, count}, zeros);
}

template <typename Char>
void put_signed(Output<Char>& output, const Spec& spec, m_i64 value) {
  const char* sign = value < 0 ? "-" : spec.plus ? "+" : spec.space ? " " : "";
  put_number(output, spec, value < 0 ? 0 - (m_u64)value : (m_u64)value, 10, false, sign);
}

template <typename Char>
void put_hexadecimal(Output<Char>& output, const Spec& spec, m_u64 value, bool upper) {
  const char* prefix = !spec.alternate || value == 0 ? "" : upper ? "0X" : "0x";
  put_number(output, spec, value, 16, upper, prefix);
}

/* Sixteen digits, as on x64. */
template <typename Char>
void put_pointer(Output<Char>& output, Spec spec, const void* pointer) {
  spec.has_precision = true;
  spec.precision = 16;
  put_number(output, spec, (m_u64)pointer, 16, true, "");
}

template <typename Char>
void put_text(Output<Char>& output, const Spec& spec, const void* text, bool wide) {
  const SIZE_T limit = spec.has_precision ? spec.precision : ~(SIZE_T)0;
  if (!text) return put_padded(output, spec, "", 0, {"(null)", nullptr, limit < 6 ? limit : 6}, 0);
  Source source = {nullptr, nullptr, 0};
  if (wide)
    source = {nullptr, (const WCHAR*)text, length_up_to((const WCHAR*)text, limit)};
  else
    source = {(const char*)text, nullptr, length_up_to((const char*)text, limit)};
  put_padded(output, spec, "", 0, source, 0);
}

/* A UNICODE_STRING or an ANSI_STRING: they differ in what the buffer holds. */
template <typename Char>
void put_counted(Output<Char>& output, const Spec& spec, const UNICODE_STRING* string, bool wide) {
  if (!string || !string->Buffer) return put_text(output, spec, nullptr, false);
  SIZE_T length = wide ? string->Length / sizeof(WCHAR) : string->Length;
  if (spec.has_precision && spec.precision < length) length = spec.precision;
  Source source = {nullptr, nullptr, length};
  if (wide)
    source.wide = string->Buffer;
  else
    source.narrow = (const char*)string->Buffer;
  put_padded(output, spec, "", 0, source, 0);
}

template <typename Char>
void put_character(Output<Char>& output, const Spec& spec, m_u32 value, bool wide) {
  const WCHAR c = wide ? (WCHAR)value : (WCHAR)(unsigned char)value;
  put_padded(output, spec, "", 0, {nullptr, &c, 1}, 0);
}

/* Lower case means the width of the format, upper case the other one; h, l and w say it outright. */
bool is_wide(const Spec& spec, bool wide_format, bool upper) {
  switch (spec.text) {
    case Text::narrow:
      return false;
    case Text::wide:
      return true;
    case Text::by_format:
      return upper ? !wide_format : wide_format;
  }
  return false;
}

template <typename Char>
void put_conversion(Output<Char>& output, const Spec& spec, struct wdm_va_record* arguments) {
  constexpr bool wide_format = sizeof(Char) == sizeof(WCHAR);
  switch (spec.conversion) {
    case 'd':
    case 'i':
      return put_signed(output, spec, signed_argument(spec, arguments));
    case 'u':
      return put_number(output, spec, unsigned_argument(spec, arguments), 10, false, "");
    case 'o':
      return put_number(output, spec, unsigned_argument(spec, arguments), 8, false, spec.alternate ? "0" : "");
    case 'x':
    case 'X':
      return put_hexadecimal(output, spec, unsigned_argument(spec, arguments), spec.conversion == 'X');
    case 'p':
      return put_pointer(output, spec, va_arg(arguments, const void*));
    case 'c':
    case 'C': {
      const bool wide = is_wide(spec, wide_format, spec.conversion == 'C');
      return put_character(output, spec, va_arg(arguments, unsigned int), wide);
    }
    case 's':
    case 'S': {
      const bool wide = is_wide(spec, wide_format, spec.conversion == 'S');
      return put_text(output, spec, va_arg(arguments, const void*), wide);
    }
    case 'Z': {
      const bool wide = spec.text == Text::wide;
      return put_counted(output, spec, va_arg(arguments, const UNICODE_STRING*), wide);
    }
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
      mach_not_emulated("printf of floating-point numbers");
    case 'n':
      mach_not_emulated("printf %n");
    default:
      return output.put((unsigned char)spec.conversion); /* %% and what means nothing */
  }
}

template <typename Char>
SIZE_T format_any(Char* out, SIZE_T capacity, const Char* format, struct wdm_va_record* arguments) {
  Output<Char> output = {out, capacity, 0};
  while (*format) {
    if (*format != '%') {
      output.put((m_u32)(sizeof(Char) == 1 ? (unsigned char)*format : *format));
      ++format;
      continue;
    }
    ++format;
    const Spec spec = parse_spec(format, arguments);
    if (spec.conversion) put_conversion(output, spec, arguments);
  }
  return output.length;
}

}  // namespace

SIZE_T format_narrow(char* out, SIZE_T capacity, const char* format, struct wdm_va_record* arguments) {
  return format_any(out, capacity, format, arguments);
}

SIZE_T format_wide(WCHAR* out, SIZE_T capacity, const WCHAR* format, struct wdm_va_record* arguments) {
  return format_any(out, capacity, format, arguments);
}

}  // namespace nt
