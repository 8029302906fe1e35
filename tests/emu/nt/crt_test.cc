#include "tests/emu/nt/check.h"

extern "C" {
int nt__snprintf(char*, SIZE_T, const char*, ...);
int nt_swprintf(WCHAR*, const WCHAR*, ...);
SIZE_T nt_wcslen(const WCHAR*);
int nt__wcsicmp(const WCHAR*, const WCHAR*);
int nt_strncmp(const char*, const char*, SIZE_T);
char* nt_strstr(const char*, const char*);
unsigned long nt_strtoul(const char*, char**, int);
void nt_qsort(void*, SIZE_T, SIZE_T, int (*)(const void*, const void*));
}

TEST(crt_print) {
  char text[4] = {1, 1, 1, 1};
  CHECK(nt__snprintf(text, 3, "%d", 123) == 3 && text[2] == '3' && text[3] == 1);
  CHECK(nt__snprintf(text, 3, "%d", 1234) == -1 && text[3] == 1);
  WCHAR wide[16];
  CHECK(nt_swprintf(wide, L"%s%d", L"dev", 7) == 4 && wide[3] == L'7' && wide[4] == 0);
}

TEST(crt_text) {
  CHECK(nt_wcslen(L"four") == 4);
  CHECK(nt__wcsicmp(L"ABC", L"abc") == 0 && nt__wcsicmp(L"a", L"B") < 0);
  CHECK(nt_strncmp("abc", "abd", 2) == 0);
  const char* text = "haystack";
  CHECK(nt_strstr(text, "st") == text + 3 && !nt_strstr(text, "x") && nt_strstr(text, "") == text);
  char* end;
  CHECK(nt_strtoul("0x1Fz", &end, 0) == 31 && *end == 'z');
  int numbers[] = {5, 3, 9, 1, 1, 8};
  nt_qsort(numbers, 6, sizeof(int), [](const void* a, const void* b) { return *(const int*)a - *(const int*)b; });
  for (int i = 1; i < 6; ++i) CHECK(numbers[i - 1] <= numbers[i]);
}
