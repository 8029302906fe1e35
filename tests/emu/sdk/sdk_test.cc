// What wdmcc and the headers promise, seen from the native side: the probe drivers run in this process.

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "probe.h"

namespace {

std::string marks;
void *chain = nullptr;
long long accesses = 0;

}  // namespace

extern "C" {

int seh_DriverEntry(const probe **probes, void *);
int dialect_DriverEntry(const probe **probes, void *);

extern char __start_wdm_data[], __stop_wdm_data[], __start_wdm_bss[], __stop_wdm_bss[], __start_wdm_text[],
    __stop_wdm_text[];

void probe_mark(int place) { marks += static_cast<char>('0' + place); }

int probe_vprint(char *out, int size, const char *format, void *arguments) {
  va_list list;
  memcpy(list, arguments, sizeof(list));
  return vsnprintf(out, size, format, list);
}

// The machine's part; the callbacks are what --fine makes of loads and stores.
#define COUNT(bytes)                                      \
  void __sanitizer_cov_load##bytes(void *) { ++accesses; } \
  void __sanitizer_cov_store##bytes(void *) { ++accesses; }
COUNT(1)
COUNT(2)
COUNT(4)
COUNT(8)
COUNT(16)
#undef COUNT
void **mach_seh_chain() { return &chain; }
[[noreturn]] void mach_unhandled_exception(uint32_t code, uint64_t) {
  fprintf(stderr, "unhandled %x\n", code);
  _exit(7);
}
void __asan_handle_no_return();
void mach_handle_no_return() { __asan_handle_no_return(); }
[[noreturn]] void mach_not_emulated(const char *name) {
  fprintf(stderr, "not emulated %s\n", name);
  _exit(8);
}

// The kernel's part.
void wdm_seh_raise(unsigned code, unsigned long long address, unsigned count, const unsigned long long *information);
void ExRaiseAccessViolation() {
  wdm_seh_raise(0xC0000005, reinterpret_cast<unsigned long long>(__builtin_return_address(0)), 0, nullptr);
}
void ExRaiseStatus(int32_t status) { wdm_seh_raise(static_cast<unsigned>(status), 0, 0, nullptr); }
int32_t InterlockedIncrement(int32_t *addend) { return ++*addend; }
void *InterlockedExchangePointer(void **target, void *value) {
  void *old = *target;
  *target = value;
  return old;
}
uint64_t nt_wcslen(const char16_t *text) { return std::char_traits<char16_t>::length(text); }
}

namespace {

long long run(int entry(const probe **, void *), const char *name, long long argument) {
  const probe *probes = nullptr;
  marks.clear();
  entry(&probes, nullptr);
  for (; probes->name; ++probes)
    if (!strcmp(probes->name, name)) return probes->run(argument);
  ADD_FAILURE() << "no probe " << name;
  return 0;
}

struct SehCase {
  const char *name;
  long long argument;
  long long result;
  const char *marks;
};

// Byte by byte: the red zones between the globals are part of the section, and memcpy is checked.
void copy(char *to, const char *from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) const_cast<volatile char *>(to)[i] = from[i];
}

class Seh : public testing::TestWithParam<SehCase> {};

TEST_P(Seh, TakesTheDocumentedWay) {
  const auto &expected = GetParam();
  EXPECT_EQ(run(seh_DriverEntry, expected.name, expected.argument), expected.result);
  EXPECT_EQ(marks, expected.marks);
  EXPECT_EQ(chain, nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    Probe, Seh,
    testing::Values(SehCase{"no_exception", 5, 5, "13"}, SehCase{"handler_sees_code_and_locals", 5, 6, "82"},
                    SehCase{"search_goes_outwards", 0, 0xC000000D, "3"}, SehCase{"information", 0, 1, ""},
                    SehCase{"finally_after_normal_end", 4, 4, "123"}, SehCase{"finally_on_return", 4, 5, "2"},
                    SehCase{"finally_on_return", 0, 5, "13"}, SehCase{"finally_in_loop", 9, 3, "12321232"},
                    SehCase{"except_in_loop", 9, 3, "384"}, SehCase{"leave_ends_the_body", 4, 1, "12"},
                    SehCase{"goto_out", 1, 1, "24"}, SehCase{"goto_out", 0, 0, "1234"},
                    SehCase{"raise_through_finally", 1, 1, "813"}, SehCase{"raise_in_handler", 0, 2, "1"},
                    SehCase{"return_from_nested", 6, 6, "12"}, SehCase{"finally_with_alloca", 24, 1, "1"},
                    SehCase{"finally_with_alloca", 0, 0, "1"}, SehCase{"reactos_spelling", 0, -1073741823, "81"},
                    SehCase{"function_name_joins_strings", 0, 'f' + 1, ""}),
    [](const auto &info) { return info.param.name + std::to_string(info.index); });

TEST(SehDeath, WithoutHandlerTheRunEnds) {
  EXPECT_EXIT(run(seh_DriverEntry, "unhandled", 0xC0000022), testing::ExitedWithCode(7), "unhandled c0000022");
}

TEST(Dialect, VariableArgumentsOfEveryKind) {
  long long expected = 1 + (1LL << 33) + 1000 + 1 + 2 + 3 + 3 + (1LL << 40) + 4 + 8 + 16 - 1 - 5 + 1;
  EXPECT_EQ(run(dialect_DriverEntry, "variable_arguments", 0), expected);
}

TEST(Dialect, VaListWorksInNativeFunctions) {
  std::string text = "1 two 3.00 4444444444 5 6 7 8 9.5";
  for (size_t i = 0; i <= text.size(); ++i)
    EXPECT_EQ(run(dialect_DriverEntry, "printed_natively", i), text.c_str()[i]) << i;
}

TEST(Dialect, LeavePastInitialisedLocals) {
  run(dialect_DriverEntry, "leave_past_initialised_locals", 1);
  EXPECT_EQ(marks, "1");
  run(dialect_DriverEntry, "leave_past_initialised_locals", 0);
  EXPECT_EQ(marks, "51");
}

TEST(Dialect, CoreOperationsAreCalls) {
  EXPECT_EQ(run(dialect_DriverEntry, "interlocked", 1), 102);
  EXPECT_EQ(run(dialect_DriverEntry, "wide_length", 0), 5);
}

#ifdef WDMCC_FINE
TEST(Dialect, EveryLoadAndStoreIsSeen) {
  run(dialect_DriverEntry, "count_up", 0);
  auto before = accesses;
  run(dialect_DriverEntry, "count_up", 0);
  EXPECT_GT(accesses, before);
}
#endif

TEST(Dialect, GlobalsLieInTheirOwnSectionsAndCanBeRestored) {
  std::string before(__stop_wdm_data - __start_wdm_data, '\0');
  copy(before.data(), __start_wdm_data, before.size());
  EXPECT_EQ(run(dialect_DriverEntry, "count_up", 3), 10);
  EXPECT_EQ(run(dialect_DriverEntry, "count_up", 3), 13);
  copy(__start_wdm_data, before.data(), before.size());
  EXPECT_EQ(run(dialect_DriverEntry, "count_up", 3), 10);
  EXPECT_LT(__start_wdm_bss, __stop_wdm_bss);
}

TEST(Dialect, DriverCodeIsKnownByAddress) {
  const probe *probes = nullptr;
  seh_DriverEntry(&probes, nullptr);
  for (; probes->name; ++probes) {
    auto address = reinterpret_cast<char *>(probes->run);
    EXPECT_TRUE(address >= __start_wdm_text && address < __stop_wdm_text) << probes->name;
  }
}

TEST(DialectDeath, OverflowsAreFound) {
  EXPECT_DEATH(run(dialect_DriverEntry, "overflow_global", 4), "global-buffer-overflow");
  EXPECT_DEATH(run(dialect_DriverEntry, "overflow_stack", 8), "stack-buffer-overflow");
}

TEST(DialectDeath, MissingNameEndsTheRun) {
  EXPECT_EXIT(run(dialect_DriverEntry, "call_missing", 0), testing::ExitedWithCode(8), "not emulated IoInvalidateDeviceState");
}

}  // namespace
