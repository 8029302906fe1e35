#include "emu/nt/format.h"

#include "tests/emu/nt/check.h"

namespace {

/* The text that `format` gives is `expected`. */
bool prints(const char* expected, const char* format, ...) {
  char text[128];
  va_list arguments;
  va_start(arguments, format);
  SIZE_T length = nt::format_narrow(text, sizeof(text), format, arguments);
  va_end(arguments);
  while (length > 0 && expected[length - 1] == text[length - 1]) --length;
  return length == 0;
}

}  // namespace

TEST(numbers) {
  CHECK(prints("-5 4294967295 ff FF", "%d %lu %x %lX", -5, 0xFFFFFFFFul, 255, 255ul));
  CHECK(prints("123456789abcdef0", "%I64x", 0x123456789ABCDEF0ull));
  CHECK(prints("-1 18446744073709551615", "%lld %llu", -1ll, ~0ull));
  CHECK(prints("00042|  42|42  |+42", "%05d|%4d|%-4d|%+d", 42, 42, 42, 42));
  CHECK(prints("0x2a 0X2A 007", "%#x %#X %.3d", 42, 42, 7));
  CHECK(prints("  7", "%*d", 3, 7));
  CHECK(prints("0000000000001234", "%p", (void*)0x1234));
  CHECK(prints("1 2 3 4 5 6 7 8", "%d %d %d %d %d %d %d %I64d", 1, 2, 3, 4, 5, 6, 7, 8ll));
}

TEST(strings) {
  UNICODE_STRING wide = {6, 8, (PWCH)L"abcd"};
  ANSI_STRING narrow = {2, 4, (PCHAR) "xyz"};
  CHECK(prints("abc xy", "%wZ %Z", &wide, &narrow));
  CHECK(prints("one two three", "%s %S %ws", "one", L"two", L"three"));
  CHECK(prints("ab   |   ab|c(null)%", "%-5s|%5.2s|%c%s%%", "ab", "abc", 'c', (char*)nullptr));
}
