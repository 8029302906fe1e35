#include "tests/emu/nt/check.h"

TEST(bitmaps) {
  ULONG buffer[2] = {};
  RTL_BITMAP map;
  RtlInitializeBitMap(&map, buffer, 40);
  RtlSetBits(&map, 30, 4);
  CHECK(buffer[0] == 0xC0000000 && buffer[1] == 3);
  CHECK(RtlAreBitsSet(&map, 30, 4) && !RtlAreBitsSet(&map, 29, 4) && RtlNumberOfSetBits(&map) == 4);
  CHECK(RtlFindClearBitsAndSet(&map, 30, 0) == 0);
  CHECK(RtlFindClearBits(&map, 7, 0) == MAXULONG);
  CHECK(RtlFindClearBits(&map, 6, 0) == 34);
}

TEST(calendar) {
  TIME_FIELDS fields = {2024, 2, 29, 23, 59, 58, 7, 0};
  LARGE_INTEGER time;
  CHECK(RtlTimeFieldsToTime(&fields, &time));
  CHECK(time.QuadPart == 133537247980070000ll);
  TIME_FIELDS back;
  RtlTimeToTimeFields(&time, &back);
  CHECK(back.Year == 2024 && back.Month == 2 && back.Day == 29 && back.Hour == 23 && back.Minute == 59);
  CHECK(back.Second == 58 && back.Milliseconds == 7 && back.Weekday == 4);
  fields.Year = 2023;
  CHECK(!RtlTimeFieldsToTime(&fields, &time));
}
