#include "tests/emu/nt/check.h"

namespace {

char* const kUnmapped = (char*)0x10000;

/* Status of the exception that touching it raises; 0 when there is none. */
NTSTATUS touch(volatile char* address, bool write) {
  NTSTATUS status = 0;
  __try {
    if (write)
      *address = 1;
    else
      (void)*address;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    status = GetExceptionCode();
  }
  return status;
}

volatile int zero;

}  // namespace

TEST(user_fault_is_an_exception) {
  CHECK(touch(kUnmapped, false) == STATUS_ACCESS_VIOLATION);
  CHECK(touch(kUnmapped, true) == STATUS_ACCESS_VIOLATION);
  CHECK(touch(nullptr, false) == STATUS_ACCESS_VIOLATION);
}

TEST(user_fault_can_happen_again_and_again) {
  for (int i = 0; i < 20; ++i) CHECK(touch(kUnmapped + i, i % 2) == STATUS_ACCESS_VIOLATION);
}

TEST(user_memory_is_no_fault) {
  auto* memory = (char*)mach_user_alloc(16);
  CHECK(touch(memory, true) == 0 && touch(memory, false) == 0 && memory[0] == 1);
}

TEST(division_by_zero_is_an_exception) {
  NTSTATUS status = 0;
  volatile int quotient = 0;
  __try {
    quotient = 7 / zero;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    status = GetExceptionCode();
  }
  CHECK(status == STATUS_INTEGER_DIVIDE_BY_ZERO);
}

TEST(user_fault_runs_finally) {
  bool finished = false;
  NTSTATUS status = 0;
  __try {
    __try {
      *(volatile char*)kUnmapped = 1;
    } __finally {
      finished = true;
    }
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    status = GetExceptionCode();
  }
  CHECK(finished && status == STATUS_ACCESS_VIOLATION);
}
