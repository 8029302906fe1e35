#include "tests/emu/nt/check.h"

namespace {

UNICODE_STRING string(const WCHAR* text) {
  UNICODE_STRING result;
  RtlInitUnicodeString(&result, text);
  return result;
}

bool equals(const UNICODE_STRING* a, const WCHAR* text) {
  const UNICODE_STRING b = string(text);
  return RtlEqualUnicodeString(a, &b, FALSE);
}

}  // namespace

TEST(unicode_strings) {
  UNICODE_STRING empty = string(nullptr);
  CHECK(empty.Length == 0 && empty.MaximumLength == 0 && !empty.Buffer);
  UNICODE_STRING a = string(L"Device");
  CHECK(a.Length == 12 && a.MaximumLength == 14);
  UNICODE_STRING b = string(L"dEVICE0");
  CHECK(RtlCompareUnicodeString(&a, &b, TRUE) < 0 && RtlPrefixUnicodeString(&a, &b, TRUE));
  CHECK(!RtlPrefixUnicodeString(&a, &b, FALSE));

  WCHAR buffer[10];
  UNICODE_STRING to = {0, sizeof(buffer), buffer};
  RtlCopyUnicodeString(&to, &a);
  CHECK(equals(&to, L"Device") && buffer[6] == 0);
  CHECK(RtlAppendUnicodeToString(&to, L"123") == STATUS_SUCCESS && equals(&to, L"Device123"));
  CHECK(RtlAppendUnicodeToString(&to, L"45") == STATUS_BUFFER_TOO_SMALL && equals(&to, L"Device123"));
}

TEST(conversions) {
  ANSI_STRING narrow;
  RtlInitAnsiString(&narrow, "abc");
  UNICODE_STRING wide;
  CHECK(RtlAnsiStringToUnicodeString(&wide, &narrow, TRUE) == STATUS_SUCCESS && equals(&wide, L"abc"));
  RtlFreeUnicodeString(&wide);
  CHECK(!wide.Buffer);
  WCHAR buffer[4];
  wide = {0, 6, buffer};
  CHECK(RtlAnsiStringToUnicodeString(&wide, &narrow, FALSE) == STATUS_BUFFER_OVERFLOW);
  wide.MaximumLength = 8;
  CHECK(RtlIntegerToUnicodeString(0xAB, 16, &wide) == STATUS_SUCCESS && equals(&wide, L"AB"));
  CHECK(RtlIntegerToUnicodeString(12345, 10, &wide) == STATUS_BUFFER_OVERFLOW);
  ULONG value = 0;
  UNICODE_STRING text = string(L" -0x1f");
  CHECK(RtlUnicodeStringToInteger(&text, 0, &value) == STATUS_SUCCESS && value == (ULONG)-31);
  CHECK(RtlCharToInteger("77", 8, &value) == STATUS_SUCCESS && value == 63);
}

TEST(guids) {
  GUID guid;
  UNICODE_STRING text = string(L"{12345678-9ABC-DEF0-0123-456789ABCDEF}");
  CHECK(RtlGUIDFromString(&text, &guid) == STATUS_SUCCESS);
  CHECK(guid.Data1 == 0x12345678 && guid.Data3 == 0xDEF0 && guid.Data4[7] == 0xEF);
  UNICODE_STRING back;
  CHECK(RtlStringFromGUID(guid, &back) == STATUS_SUCCESS);
  CHECK(RtlEqualUnicodeString(&text, &back, FALSE));
  RtlFreeUnicodeString(&back);
}
