/* The C run-time functions that the kernel exports. The host's have other types (32-bit characters, 64-bit long), so a
 * driver's calls are renamed to nt_<name>. None is a scheduling point. */
#include "emu/nt/format.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

constexpr SIZE_T kAll = ~(SIZE_T)0;

inline int lower(char c) {
  return c >= 'A' && c <= 'Z' ? c + 32 : (unsigned char)c;
}
inline int lower(WCHAR c) {
  return downcase(c);
}
inline int plain(char c) {
  return (unsigned char)c;
}
inline int plain(WCHAR c) {
  return c;
}

template <typename Char, typename Map>
int compare(const Char* a, const Char* b, SIZE_T limit, Map map) {
  for (SIZE_T i = 0; i < limit; ++i) {
    const int x = map(a[i]), y = map(b[i]);
    if (x != y) return x < y ? -1 : 1;
    if (!x) return 0;
  }
  return 0;
}

template <typename Char>
int compare_exact(const Char* a, const Char* b, SIZE_T limit) {
  return compare(a, b, limit, [](Char c) { return plain(c); });
}

template <typename Char>
int compare_any_case(const Char* a, const Char* b, SIZE_T limit) {
  return compare(a, b, limit, [](Char c) { return lower(c); });
}

template <typename Char>
Char* copy(Char* to, const Char* from) {
  SIZE_T i = 0;
  do to[i] = from[i];
  while (from[i++]);
  return to;
}

/* strncpy: fills the rest with zeros, and does not terminate what is too long. */
template <typename Char>
Char* copy_n(Char* to, const Char* from, SIZE_T size) {
  SIZE_T i = 0;
  for (; i < size && from[i]; ++i) to[i] = from[i];
  for (; i < size; ++i) to[i] = 0;
  return to;
}

template <typename Char>
Char* cat_n(Char* to, const Char* from, SIZE_T limit) {
  Char* end = to + text_length(to);
  SIZE_T i = 0;
  for (; i < limit && from[i]; ++i) end[i] = from[i];
  end[i] = 0;
  return to;
}

template <typename Char>
SIZE_T length_n(const Char* text, SIZE_T limit) {
  SIZE_T length = 0;
  while (length < limit && text[length]) ++length;
  return length;
}

template <typename Char>
Char* find(const Char* text, Char c) {
  for (;; ++text) {
    if (*text == c) return (Char*)text;
    if (!*text) return nullptr;
  }
}

template <typename Char>
Char* find_last(const Char* text, Char c) {
  Char* last = nullptr;
  for (;; ++text) {
    if (*text == c) last = (Char*)text;
    if (!*text) return last;
  }
}

template <typename Char>
Char* find_text(const Char* text, const Char* wanted) {
  const SIZE_T length = text_length(wanted);
  for (;; ++text) {
    if (compare_exact(text, wanted, length) == 0) return (Char*)text;
    if (!*text) return nullptr;
  }
}

template <typename Char>
SIZE_T span(const Char* text, const Char* set, bool inside) {
  SIZE_T length = 0;
  while (text[length] && (find(set, text[length]) != nullptr) == inside) ++length;
  return length;
}

template <typename Char, typename Map>
Char* change(Char* text, Map map) {
  for (Char* at = text; *at; ++at) *at = (Char)map(*at);
  return text;
}

bool is_space(m_u32 c) {
  return c == ' ' || (c >= 9 && c <= 13);
}
bool is_digit(m_u32 c) {
  return c >= '0' && c <= '9';
}
bool is_upper(m_u32 c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(m_u32 c) {
  return c >= 'a' && c <= 'z';
}
bool is_alpha(m_u32 c) {
  return is_upper(c) || is_lower(c);
}
bool is_hex(m_u32 c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

struct Number {
  m_u64 magnitude;
  bool negative;
  bool overflow;
};

/* Digits in `base` (0: by prefix); what is larger than 64 bits overflows. */
template <typename Char>
Number read_number(const Char* text, const Char** end, int base) {
  const Char* at = text;
  while (is_space((m_u32)*at)) ++at;
  Number number = {0, *at == '-', false};
  if (*at == '-' || *at == '+') ++at;
  const bool prefixed = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && digit_value((m_u32)at[2]) < 16;
  if (base == 0) base = prefixed ? 16 : *at == '0' ? 8 : 10;
  if (base == 16 && prefixed) at += 2;
  const Char* first = at;
  for (; digit_value((m_u32)*at) < (unsigned)base; ++at)
    number.overflow |= __builtin_mul_overflow(number.magnitude, (m_u64)base, &number.magnitude) ||
                       __builtin_add_overflow(number.magnitude, (m_u64)digit_value((m_u32)*at), &number.magnitude);
  if (end) *end = at == first ? text : at;
  return number;
}

ULONG as_ulong(const Number& number) {
  if (number.overflow || number.magnitude > MAXULONG) return MAXULONG;
  return number.negative ? 0 - (ULONG)number.magnitude : (ULONG)number.magnitude;
}

LONG as_long(const Number& number) {
  const m_u64 limit = number.negative ? 0x80000000ull : 0x7FFFFFFFull;
  const m_u64 magnitude = number.overflow || number.magnitude > limit ? limit : number.magnitude;
  return (LONG)(number.negative ? 0 - magnitude : magnitude);
}

template <typename Char>
Char* write_number(m_u64 value, bool negative, Char* out, int base) {
  char digits[64];
  m_u32 first = 64;
  do digits[--first] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % (m_u64)base];
  while (value /= (m_u64)base);
  Char* at = out;
  if (negative) *at++ = '-';
  while (first < 64) *at++ = (Char)digits[first++];
  *at = 0;
  return out;
}

template <typename Char>
Char* write_signed(int value, Char* out, int base) {
  const bool negative = base == 10 && value < 0;
  return write_number(negative ? 0 - (m_u64)value : (m_u64)(unsigned)value, negative, out, base);
}

SIZE_T format(char* out, SIZE_T capacity, const char* text, struct wdm_va_record* arguments) {
  return format_narrow(out, capacity, text, arguments);
}

SIZE_T format(WCHAR* out, SIZE_T capacity, const WCHAR* text, struct wdm_va_record* arguments) {
  return format_wide(out, capacity, text, arguments);
}

/* sprintf */
template <typename Char>
int print(Char* out, const Char* text, struct wdm_va_record* arguments) {
  const SIZE_T length = format(out, kAll, text, arguments);
  out[length] = 0;
  return (int)length;
}

/* _snprintf: -1 when it does not fit, and no terminator when it fits exactly. */
template <typename Char>
int print_n(Char* out, SIZE_T size, const Char* text, struct wdm_va_record* arguments) {
  const SIZE_T length = format(out, size, text, arguments);
  if (length > size) return -1;
  if (length < size) out[length] = 0;
  return (int)length;
}

/* snprintf of C99: always terminated, returns how much there would be. */
int print_c99(char* out, SIZE_T size, const char* text, struct wdm_va_record* arguments) {
  const SIZE_T length = format_narrow(out, size ? size - 1 : 0, text, arguments);
  if (size) out[length < size ? length : size - 1] = 0;
  return (int)length;
}

typedef int (*Order)(const void*, const void*);

/* Heap sort: no recursion, no memory. */
void swap_bytes(char* a, char* b, SIZE_T size) {
  for (SIZE_T i = 0; i < size; ++i) {
    const char c = a[i];
    a[i] = b[i];
    b[i] = c;
  }
}

void sift_down(char* base, SIZE_T root, SIZE_T count, SIZE_T size, Order order) {
  for (SIZE_T child; (child = root * 2 + 1) < count; root = child) {
    if (child + 1 < count && order(base + child * size, base + (child + 1) * size) < 0) ++child;
    if (order(base + root * size, base + child * size) >= 0) return;
    swap_bytes(base + root * size, base + child * size, size);
  }
}

void sort(char* base, SIZE_T count, SIZE_T size, Order order) {
  for (SIZE_T i = count / 2; i-- > 0;) sift_down(base, i, count, size, order);
  for (SIZE_T end = count; end-- > 1;) {
    swap_bytes(base, base + end * size, size);
    sift_down(base, 0, end, size, order);
  }
}

const void* search(const void* key, const char* base, SIZE_T count, SIZE_T size, Order order) {
  while (count > 0) {
    const char* middle = base + count / 2 * size;
    const int side = order(key, middle);
    if (side == 0) return middle;
    if (side > 0)
      base = middle + size, count -= count / 2 + 1;
    else
      count /= 2;
  }
  return nullptr;
}

}  // namespace
}  // namespace nt

/* Passes the variable arguments of a printf-like function to `call`, which names them `arguments`. */
#define PRINT(last, call)    \
  va_list arguments;         \
  va_start(arguments, last); \
  const int length = call;   \
  va_end(arguments);         \
  return length

extern "C" {

SIZE_T nt_strlen(const char* s) {
  return nt::text_length(s);
}
SIZE_T nt_wcslen(const WCHAR* s) {
  return nt::text_length(s);
}
SIZE_T nt_strnlen(const char* s, SIZE_T n) {
  return nt::length_n(s, n);
}
SIZE_T nt_wcsnlen(const WCHAR* s, SIZE_T n) {
  return nt::length_n(s, n);
}
char* nt_strcpy(char* to, const char* from) {
  return nt::copy(to, from);
}
WCHAR* nt_wcscpy(WCHAR* to, const WCHAR* from) {
  return nt::copy(to, from);
}
char* nt_strncpy(char* to, const char* from, SIZE_T n) {
  return nt::copy_n(to, from, n);
}
WCHAR* nt_wcsncpy(WCHAR* to, const WCHAR* from, SIZE_T n) {
  return nt::copy_n(to, from, n);
}
char* nt_strcat(char* to, const char* from) {
  return nt::cat_n(to, from, nt::kAll);
}
WCHAR* nt_wcscat(WCHAR* to, const WCHAR* from) {
  return nt::cat_n(to, from, nt::kAll);
}
char* nt_strncat(char* to, const char* from, SIZE_T n) {
  return nt::cat_n(to, from, n);
}
WCHAR* nt_wcsncat(WCHAR* to, const WCHAR* from, SIZE_T n) {
  return nt::cat_n(to, from, n);
}
int nt_strcmp(const char* a, const char* b) {
  return nt::compare_exact(a, b, nt::kAll);
}
int nt_wcscmp(const WCHAR* a, const WCHAR* b) {
  return nt::compare_exact(a, b, nt::kAll);
}
int nt_strncmp(const char* a, const char* b, SIZE_T n) {
  return nt::compare_exact(a, b, n);
}
int nt_wcsncmp(const WCHAR* a, const WCHAR* b, SIZE_T n) {
  return nt::compare_exact(a, b, n);
}
int nt__stricmp(const char* a, const char* b) {
  return nt::compare_any_case(a, b, nt::kAll);
}
int nt__wcsicmp(const WCHAR* a, const WCHAR* b) {
  return nt::compare_any_case(a, b, nt::kAll);
}
int nt__strnicmp(const char* a, const char* b, SIZE_T n) {
  return nt::compare_any_case(a, b, n);
}
int nt__wcsnicmp(const WCHAR* a, const WCHAR* b, SIZE_T n) {
  return nt::compare_any_case(a, b, n);
}
char* nt_strchr(const char* s, int c) {
  return nt::find(s, (char)c);
}
WCHAR* nt_wcschr(const WCHAR* s, WCHAR c) {
  return nt::find(s, c);
}
char* nt_strrchr(const char* s, int c) {
  return nt::find_last(s, (char)c);
}
WCHAR* nt_wcsrchr(const WCHAR* s, WCHAR c) {
  return nt::find_last(s, c);
}
char* nt_strstr(const char* s, const char* wanted) {
  return nt::find_text(s, wanted);
}
WCHAR* nt_wcsstr(const WCHAR* s, const WCHAR* wanted) {
  return nt::find_text(s, wanted);
}
SIZE_T nt_strspn(const char* s, const char* set) {
  return nt::span(s, set, true);
}
SIZE_T nt_wcsspn(const WCHAR* s, const WCHAR* set) {
  return nt::span(s, set, true);
}
SIZE_T nt_strcspn(const char* s, const char* set) {
  return nt::span(s, set, false);
}
SIZE_T nt_wcscspn(const WCHAR* s, const WCHAR* set) {
  return nt::span(s, set, false);
}
char* nt__strlwr(char* s) {
  return nt::change(s, [](char c) { return nt::lower(c); });
}
char* nt__strupr(char* s) {
  return nt::change(s, [](char c) { return nt::is_lower((unsigned char)c) ? c - 32 : c; });
}
WCHAR* nt__wcslwr(WCHAR* s) {
  return nt::change(s, nt::downcase);
}
WCHAR* nt__wcsupr(WCHAR* s) {
  return nt::change(s, nt::upcase);
}

void* nt_memchr(const void* memory, int c, SIZE_T n) {
  const auto* bytes = (const unsigned char*)memory;
  for (SIZE_T i = 0; i < n; ++i)
    if (bytes[i] == (unsigned char)c) return (void*)(bytes + i);
  return nullptr;
}

int nt_tolower(int c) {
  return nt::is_upper((m_u32)c) ? c + 32 : c;
}
int nt_toupper(int c) {
  return nt::is_lower((m_u32)c) ? c - 32 : c;
}
WCHAR nt_towlower(WCHAR c) {
  return nt::downcase(c);
}
WCHAR nt_towupper(WCHAR c) {
  return nt::upcase(c);
}
int nt_isspace(int c) {
  return nt::is_space((m_u32)c);
}
int nt_isdigit(int c) {
  return nt::is_digit((m_u32)c);
}
int nt_isxdigit(int c) {
  return nt::is_hex((m_u32)c);
}
int nt_isupper(int c) {
  return nt::is_upper((m_u32)c);
}
int nt_islower(int c) {
  return nt::is_lower((m_u32)c);
}
int nt_isalpha(int c) {
  return nt::is_alpha((m_u32)c);
}
int nt_isalnum(int c) {
  return nt::is_alpha((m_u32)c) || nt::is_digit((m_u32)c);
}
int nt_isprint(int c) {
  return c >= 32 && c < 127;
}
int nt_iswdigit(WCHAR c) {
  return nt::is_digit(c);
}
int nt_iswspace(WCHAR c) {
  return nt::is_space(c);
}
int nt_iswalpha(WCHAR c) {
  return nt::is_alpha(c);
}

int nt_abs(int value) {
  return value < 0 ? -value : value;
}
int nt_atoi(const char* s) {
  return nt::as_long(nt::read_number(s, (const char**)nullptr, 10));
}
long nt_atol(const char* s) {
  return nt::as_long(nt::read_number(s, (const char**)nullptr, 10));
}
int nt__wtoi(const WCHAR* s) {
  return nt::as_long(nt::read_number(s, (const WCHAR**)nullptr, 10));
}
long nt__wtol(const WCHAR* s) {
  return nt::as_long(nt::read_number(s, (const WCHAR**)nullptr, 10));
}
long nt_strtol(const char* s, char** end, int base) {
  return nt::as_long(nt::read_number(s, (const char**)end, base));
}
unsigned long nt_strtoul(const char* s, char** end, int base) {
  return nt::as_ulong(nt::read_number(s, (const char**)end, base));
}
long nt_wcstol(const WCHAR* s, WCHAR** end, int base) {
  return nt::as_long(nt::read_number(s, (const WCHAR**)end, base));
}
unsigned long nt_wcstoul(const WCHAR* s, WCHAR** end, int base) {
  return nt::as_ulong(nt::read_number(s, (const WCHAR**)end, base));
}
char* nt__itoa(int value, char* out, int base) {
  return nt::write_signed(value, out, base);
}
WCHAR* nt__itow(int value, WCHAR* out, int base) {
  return nt::write_signed(value, out, base);
}
char* nt__ultoa(unsigned long value, char* out, int base) {
  return nt::write_number(value, false, out, base);
}
WCHAR* nt__ultow(unsigned long value, WCHAR* out, int base) {
  return nt::write_number(value, false, out, base);
}

void nt_qsort(void* base, SIZE_T count, SIZE_T size, int (*order)(const void*, const void*)) {
  nt::sort((char*)base, count, size, order);
}

void* nt_bsearch(const void* key, const void* base, SIZE_T count, SIZE_T size, int (*order)(const void*, const void*)) {
  return (void*)nt::search(key, (const char*)base, count, size, order);
}

SIZE_T nt_mbstowcs(WCHAR* to, const char* from, SIZE_T n) {
  if (!to) return nt::text_length(from);
  SIZE_T i = 0;
  for (; i < n && from[i]; ++i) to[i] = nt::widen(from[i]);
  if (i < n) to[i] = 0;
  return i;
}

SIZE_T nt_wcstombs(char* to, const WCHAR* from, SIZE_T n) {
  if (!to) return nt::text_length(from);
  SIZE_T i = 0;
  for (; i < n && from[i]; ++i) to[i] = nt::narrow(from[i]);
  if (i < n) to[i] = 0;
  return i;
}

unsigned short nt__byteswap_ushort(unsigned short value) {
  return __builtin_bswap16(value);
}
unsigned long nt__byteswap_ulong(unsigned long value) {
  return __builtin_bswap32(value);
}
unsigned long long nt__byteswap_uint64(unsigned long long value) {
  return __builtin_bswap64(value);
}

int nt_vsprintf(char* out, const char* format, va_list arguments) {
  return nt::print(out, format, arguments);
}
int nt__vsnprintf(char* out, SIZE_T size, const char* format, va_list arguments) {
  return nt::print_n(out, size, format, arguments);
}
int nt__vsnwprintf(WCHAR* out, SIZE_T size, const WCHAR* format, va_list arguments) {
  return nt::print_n(out, size, format, arguments);
}
int nt_vsnprintf(char* out, SIZE_T size, const char* format, va_list arguments) {
  return nt::print_c99(out, size, format, arguments);
}
int nt_sprintf(char* out, const char* format, ...) {
  PRINT(format, nt::print(out, format, arguments));
}
int nt_swprintf(WCHAR* out, const WCHAR* format, ...) {
  PRINT(format, nt::print(out, format, arguments));
}
int nt__swprintf(WCHAR* out, const WCHAR* format, ...) {
  PRINT(format, nt::print(out, format, arguments));
}
int nt__snprintf(char* out, SIZE_T size, const char* format, ...) {
  PRINT(format, nt::print_n(out, size, format, arguments));
}
int nt__snwprintf(WCHAR* out, SIZE_T size, const WCHAR* format, ...) {
  PRINT(format, nt::print_n(out, size, format, arguments));
}
int nt_snprintf(char* out, SIZE_T size, const char* format, ...) {
  PRINT(format, nt::print_c99(out, size, format, arguments));
}

}  // extern "C"
