/* Run-time library: memory, bits, calendar, random numbers. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

bool bit_is_set(const RTL_BITMAP* map, ULONG index) {
  return map->Buffer[index / 32] >> (index % 32) & 1;
}

void write_bit(RTL_BITMAP* map, ULONG index, bool set) {
  const ULONG mask = 1ul << (index % 32);
  if (set)
    map->Buffer[index / 32] |= mask;
  else
    map->Buffer[index / 32] &= ~mask;
}

void write_bits(RTL_BITMAP* map, ULONG start, ULONG count, bool set) {
  for (ULONG i = 0; i < count; ++i) write_bit(map, start + i, set);
}

bool all_bits_are(const RTL_BITMAP* map, ULONG start, ULONG count, bool set) {
  if (start + count > map->SizeOfBitMap || start + count < start || count == 0) return false;
  for (ULONG i = 0; i < count; ++i)
    if (bit_is_set(map, start + i) != set) return false;
  return true;
}

ULONG count_bits(const RTL_BITMAP* map, bool set) {
  ULONG count = 0;
  for (ULONG i = 0; i < map->SizeOfBitMap; ++i) count += bit_is_set(map, i) == set;
  return count;
}

/* Start of `count` bits that are all `set`, looked for from the hint on and then from the beginning; MAXULONG for none.
 * The hint is rounded down to a byte and, for nothing asked for, returned. */
ULONG find_bits(const RTL_BITMAP* map, ULONG count, ULONG hint, bool set) {
  const ULONG size = map->SizeOfBitMap;
  if (hint >= size) hint = 0;
  if (count > size) return MAXULONG;
  if (count == 0) return hint & ~7ul;
  for (ULONG start = hint & ~7ul; start + count <= size; ++start)
    if (all_bits_are(map, start, count, set)) return start;
  for (ULONG start = 0; start < hint && start + count <= size; ++start)
    if (all_bits_are(map, start, count, set)) return start;
  return MAXULONG;
}

ULONG find_and_write(RTL_BITMAP* map, ULONG count, ULONG hint, bool set) {
  const ULONG start = find_bits(map, count, hint, set);
  if (start != MAXULONG) write_bits(map, start, count, !set);
  return start;
}

constexpr LONGLONG kSecond = 10000000;
constexpr LONGLONG kDay = 86400 * kSecond;
constexpr LONGLONG kSeconds1601To1970 = 11644473600;
constexpr LONGLONG kSeconds1601To1980 = 11960006400;

bool is_leap(LONGLONG year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

m_u32 days_in_month(LONGLONG year, m_u32 month) {
  constexpr m_u8 days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1 January 1601 to 1 January of `year`. */
LONGLONG days_before_year(LONGLONG year) {
  const LONGLONG past = year - 1;
  return past * 365 + past / 4 - past / 100 + past / 400 - (1600 * 365 + 1600 / 4 - 1600 / 100 + 1600 / 400);
}

void to_fields(LONGLONG time, PTIME_FIELDS fields) {
  LONGLONG days = time / kDay;
  LONGLONG rest = time % kDay / (kSecond / 1000);
  fields->Weekday = (SHORT)((days + 1) % 7); /* 1 January 1601 was a Monday */
  fields->Milliseconds = (SHORT)(rest % 1000);
  rest /= 1000;
  fields->Second = (SHORT)(rest % 60);
  fields->Minute = (SHORT)(rest / 60 % 60);
  fields->Hour = (SHORT)(rest / 3600);
  LONGLONG year = 1601 + days / 366;
  while (days_before_year(year + 1) <= days) ++year;
  days -= days_before_year(year);
  m_u32 month = 1;
  while (days >= days_in_month(year, month)) days -= days_in_month(year, month++);
  fields->Year = (SHORT)year;
  fields->Month = (SHORT)month;
  fields->Day = (SHORT)(days + 1);
}

bool is_valid(const TIME_FIELDS& t) {
  return t.Year >= 1601 && t.Month >= 1 && t.Month <= 12 && t.Day >= 1 &&
         t.Day <= (SHORT)days_in_month(t.Year, t.Month) && t.Hour >= 0 && t.Hour < 24 && t.Minute >= 0 &&
         t.Minute < 60 && t.Second >= 0 && t.Second < 60 && t.Milliseconds >= 0 && t.Milliseconds < 1000;
}

LONGLONG from_fields(const TIME_FIELDS& t) {
  LONGLONG days = days_before_year(t.Year) + t.Day - 1;
  for (SHORT month = 1; month < t.Month; ++month) days += days_in_month(t.Year, month);
  const LONGLONG seconds = t.Hour * 3600 + t.Minute * 60 + t.Second;
  return days * kDay + seconds * kSecond + t.Milliseconds * (kSecond / 1000);
}

/* A linear congruential generator modulo 2^31 - 1. */
ULONG next_random(PULONG seed) {
  *seed = (ULONG)((*seed * 0x7FFFFFEDull + 0x7FFFFFC3ull) % 0x7FFFFFFFull);
  return *seed;
}

}  // namespace
}  // namespace nt

extern "C" {

SIZE_T NTAPI RtlCompareMemory(const VOID* Source1, const VOID* Source2, SIZE_T Length) {
  DDI_ENTER(RtlCompareMemory, nullptr);
  const auto* a = (const UCHAR*)Source1;
  const auto* b = (const UCHAR*)Source2;
  SIZE_T same = 0;
  while (same < Length && a[same] == b[same]) ++same;
  return same;
}

SIZE_T NTAPI RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern) {
  DDI_ENTER(RtlCompareMemoryUlong, nullptr);
  SIZE_T same = 0;
  while (same < Length / 4 && ((PULONG)Source)[same] == Pattern) ++same;
  return same * 4;
}

VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap) {
  DDI_ENTER(RtlInitializeBitMap, BitMapHeader);
  BitMapHeader->SizeOfBitMap = SizeOfBitMap;
  BitMapHeader->Buffer = BitMapBuffer;
}

VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader) {
  DDI_ENTER(RtlClearAllBits, BitMapHeader);
  __builtin_memset(BitMapHeader->Buffer, 0, (BitMapHeader->SizeOfBitMap + 31) / 32 * sizeof(ULONG));
}

VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader) {
  DDI_ENTER(RtlSetAllBits, BitMapHeader);
  __builtin_memset(BitMapHeader->Buffer, 0xFF, (BitMapHeader->SizeOfBitMap + 31) / 32 * sizeof(ULONG));
}

VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  DDI_ENTER(RtlSetBit, BitMapHeader);
  nt::write_bit(BitMapHeader, BitNumber, true);
}

VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  DDI_ENTER(RtlClearBit, BitMapHeader);
  nt::write_bit(BitMapHeader, BitNumber, false);
}

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  DDI_ENTER(RtlTestBit, BitMapHeader);
  return nt::bit_is_set(BitMapHeader, BitNumber);
}

VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet) {
  DDI_ENTER(RtlSetBits, BitMapHeader);
  nt::write_bits(BitMapHeader, StartingIndex, NumberToSet, true);
}

VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear) {
  DDI_ENTER(RtlClearBits, BitMapHeader);
  nt::write_bits(BitMapHeader, StartingIndex, NumberToClear, false);
}

BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
  DDI_ENTER(RtlAreBitsSet, BitMapHeader);
  return nt::all_bits_are(BitMapHeader, StartingIndex, Length, true);
}

BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
  DDI_ENTER(RtlAreBitsClear, BitMapHeader);
  return nt::all_bits_are(BitMapHeader, StartingIndex, Length, false);
}

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader) {
  DDI_ENTER(RtlNumberOfSetBits, BitMapHeader);
  return nt::count_bits(BitMapHeader, true);
}

ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader) {
  DDI_ENTER(RtlNumberOfClearBits, BitMapHeader);
  return nt::count_bits(BitMapHeader, false);
}

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  DDI_ENTER(RtlFindClearBits, BitMapHeader);
  return nt::find_bits(BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG NTAPI RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  DDI_ENTER(RtlFindSetBits, BitMapHeader);
  return nt::find_bits(BitMapHeader, NumberToFind, HintIndex, true);
}

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  DDI_ENTER(RtlFindClearBitsAndSet, BitMapHeader);
  return nt::find_and_write(BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  DDI_ENTER(RtlFindSetBitsAndClear, BitMapHeader);
  return nt::find_and_write(BitMapHeader, NumberToFind, HintIndex, true);
}

VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields) {
  DDI_ENTER(RtlTimeToTimeFields, nullptr);
  nt::to_fields(Time->QuadPart, TimeFields);
}

BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time) {
  DDI_ENTER(RtlTimeFieldsToTime, nullptr);
  if (!nt::is_valid(*TimeFields)) return FALSE;
  Time->QuadPart = nt::from_fields(*TimeFields);
  return TRUE;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds) {
  DDI_ENTER(RtlTimeToSecondsSince1970, nullptr);
  const LONGLONG seconds = Time->QuadPart / nt::kSecond - nt::kSeconds1601To1970;
  if (seconds < 0 || seconds > (LONGLONG)MAXULONG) return FALSE;
  *ElapsedSeconds = (ULONG)seconds;
  return TRUE;
}

VOID NTAPI RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time) {
  DDI_ENTER(RtlSecondsSince1970ToTime, nullptr);
  Time->QuadPart = (ElapsedSeconds + nt::kSeconds1601To1970) * nt::kSecond;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds) {
  DDI_ENTER(RtlTimeToSecondsSince1980, nullptr);
  const LONGLONG seconds = Time->QuadPart / nt::kSecond - nt::kSeconds1601To1980;
  if (seconds < 0 || seconds > (LONGLONG)MAXULONG) return FALSE;
  *ElapsedSeconds = (ULONG)seconds;
  return TRUE;
}

VOID NTAPI RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time) {
  DDI_ENTER(RtlSecondsSince1980ToTime, nullptr);
  Time->QuadPart = (ElapsedSeconds + nt::kSeconds1601To1980) * nt::kSecond;
}

ULONG NTAPI RtlRandom(PULONG Seed) {
  DDI_ENTER(RtlRandom, nullptr);
  return nt::next_random(Seed);
}

ULONG NTAPI RtlRandomEx(PULONG Seed) {
  DDI_ENTER(RtlRandomEx, nullptr);
  return nt::next_random(Seed);
}

}  // extern "C"
