/* More of bitmaps: runs, and the ends of a number. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

bool is_set(const RTL_BITMAP* map, ULONG index) {
  return map->Buffer[index / 32] >> (index % 32) & 1;
}

struct Run {
  ULONG start;
  ULONG count; /* 0: there is none */
};

Run next_clear_run(const RTL_BITMAP* map, ULONG from) {
  while (from < map->SizeOfBitMap && is_set(map, from)) ++from;
  ULONG end = from;
  while (end < map->SizeOfBitMap && !is_set(map, end)) ++end;
  return {from, end - from};
}

ULONG longest_clear_run(const RTL_BITMAP* map, ULONG* start) {
  Run longest = {0, 0};
  for (Run run = next_clear_run(map, 0); run.count; run = next_clear_run(map, run.start + run.count))
    if (run.count > longest.count) longest = run;
  if (start) *start = longest.start;
  return longest.count;
}

/* The first runs, or the longest ones, longest first. */
ULONG clear_runs(const RTL_BITMAP* map, PRTL_BITMAP_RUN runs, ULONG room, bool longest) {
  ULONG count = 0;
  for (Run run = next_clear_run(map, 0); run.count; run = next_clear_run(map, run.start + run.count)) {
    if (!longest && count == room) break;
    ULONG at = count;
    while (longest && at > 0 && runs[at - 1].NumberOfBits < run.count) --at;
    if (at == room) continue;
    for (ULONG i = count < room ? count : room - 1; i > at; --i) runs[i] = runs[i - 1];
    runs[at] = {run.start, run.count};
    if (count < room) ++count;
  }
  return count;
}

}  // namespace
}  // namespace nt

extern "C" {

NTSYSAPI ULONG NTAPI RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex) {
  DDI_ENTER(RtlFindNextForwardRunClear, nullptr);
  const nt::Run run = nt::next_clear_run(BitMapHeader, FromIndex);
  *StartingRunIndex = run.start;
  return run.count;
}

NTSYSAPI ULONG NTAPI RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex) {
  DDI_ENTER(RtlFindFirstRunClear, nullptr);
  const nt::Run run = nt::next_clear_run(BitMapHeader, 0);
  *StartingIndex = run.start;
  return run.count;
}

NTSYSAPI ULONG NTAPI RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex) {
  DDI_ENTER(RtlFindLongestRunClear, nullptr);
  return nt::longest_clear_run(BitMapHeader, StartingIndex);
}

NTSYSAPI ULONG NTAPI RtlFindClearRuns(PRTL_BITMAP BitMapHeader, PRTL_BITMAP_RUN RunArray, ULONG SizeOfRunArray,
                                      BOOLEAN LocateLongestRuns) {
  DDI_ENTER(RtlFindClearRuns, nullptr);
  return SizeOfRunArray ? nt::clear_runs(BitMapHeader, RunArray, SizeOfRunArray, LocateLongestRuns) : 0;
}

NTSYSAPI ULONG NTAPI RtlFindLastBackwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex) {
  DDI_ENTER(RtlFindLastBackwardRunClear, nullptr);
  ULONG end = FromIndex + 1;
  while (end > 0 && nt::is_set(BitMapHeader, end - 1)) --end;
  ULONG start = end;
  while (start > 0 && !nt::is_set(BitMapHeader, start - 1)) --start;
  *StartingRunIndex = start;
  return end - start;
}

NTSYSAPI CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG Set) {
  DDI_ENTER(RtlFindMostSignificantBit, nullptr);
  return Set ? (CCHAR)(63 - __builtin_clzll(Set)) : (CCHAR)-1;
}

NTSYSAPI CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG Set) {
  DDI_ENTER(RtlFindLeastSignificantBit, nullptr);
  return Set ? (CCHAR)__builtin_ctzll(Set) : (CCHAR)-1;
}

}  // extern "C"
