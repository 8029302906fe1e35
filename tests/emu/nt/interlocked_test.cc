#include "tests/emu/nt/check.h"

TEST(interlocked_results) {
  long value = 5;
  CHECK(InterlockedIncrement(&value) == 6);
  CHECK(InterlockedDecrement(&value) == 5);
  CHECK(InterlockedExchangeAdd(&value, 3) == 5 && value == 8);
  CHECK(InterlockedAdd(&value, 2) == 10);
  CHECK(InterlockedExchange(&value, 1) == 10);
  CHECK(InterlockedCompareExchange(&value, 7, 2) == 1 && value == 1);
  CHECK(InterlockedCompareExchange(&value, 7, 1) == 1 && value == 7);
  CHECK(InterlockedAnd(&value, 6) == 7 && InterlockedOr(&value, 8) == 6 && InterlockedXor(&value, 2) == 14 &&
        value == 12);
  long bits[3] = {};
  CHECK(!InterlockedBitTestAndSet(&bits[1], 33) && bits[2] == 2);
  CHECK(InterlockedBitTestAndReset(&bits[1], 33) && bits[2] == 0);
  CHECK(!InterlockedBitTestAndSet(&bits[1], -1) && bits[0] == (long)0x80000000);
}
