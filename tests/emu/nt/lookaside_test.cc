#include "tests/emu/nt/check.h"

namespace {

LONG allocated;
LONG freed;
PLOOKASIDE_LIST_EX owner;

PVOID NTAPI allocate(POOL_TYPE type, SIZE_T size, ULONG tag) {
  ++allocated;
  return ExAllocatePoolWithTag(type, size, tag);
}

VOID NTAPI free(PVOID buffer) {
  ++freed;
  ExFreePoolWithTag(buffer, 'tseT');
}

PVOID NTAPI allocate_ex(POOL_TYPE type, SIZE_T size, ULONG tag, PLOOKASIDE_LIST_EX list) {
  CHECK(list == owner);
  return allocate(type, size, tag);
}

VOID NTAPI free_ex(PVOID buffer, PLOOKASIDE_LIST_EX list) {
  CHECK(list == owner);
  free(buffer);
}

}  // namespace

TEST(lookaside_lists) {
  NPAGED_LOOKASIDE_LIST list;
  ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 48, 'tseT', 0);
  CHECK(list.L.Depth == 4 && list.L.MaximumDepth == 256 && list.L.TotalAllocates == 0);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  void* entry = ExAllocateFromNPagedLookasideList(&list);
  CHECK(entry && list.L.TotalAllocates == 1);
  ExFreeToNPagedLookasideList(&list, entry);
  KeLowerIrql(old);
  ExDeleteNPagedLookasideList(&list);

  PAGED_LOOKASIDE_LIST paged;
  ExInitializePagedLookasideList(&paged, nullptr, nullptr, 0, 48, 'tseT', 0);
  entry = ExAllocateFromPagedLookasideList(&paged);
  CHECK(entry);
  ExFreeToPagedLookasideList(&paged, entry);
  ExDeletePagedLookasideList(&paged);
}

TEST(lookaside_list_calls_the_drivers_routines) {
  NPAGED_LOOKASIDE_LIST list;
  allocated = freed = 0;
  ExInitializeNPagedLookasideList(&list, allocate, free, 0, 48, 'tseT', 0);
  void* entry = ExAllocateFromNPagedLookasideList(&list);
  ExFreeToNPagedLookasideList(&list, entry);
  ExDeleteNPagedLookasideList(&list);
  CHECK(allocated == 1 && freed == 1);
}

TEST(lookaside_list_ex) {
  LOOKASIDE_LIST_EX list;
  owner = &list;
  allocated = freed = 0;
  CHECK(ExInitializeLookasideListEx(&list, allocate_ex, free_ex, NonPagedPool, 0, 48, 'tseT', 1) ==
        STATUS_INVALID_PARAMETER_8);
  CHECK(ExInitializeLookasideListEx(&list, allocate_ex, free_ex, NonPagedPool, 3, 48, 'tseT', 0) ==
        STATUS_INVALID_PARAMETER_5);
  CHECK(ExInitializeLookasideListEx(&list, allocate_ex, free_ex, NonPagedPool, 0, 48, 'tseT', 0) == STATUS_SUCCESS);
  void* entry = ExAllocateFromLookasideListEx(&list);
  ExFreeToLookasideListEx(&list, entry);
  ExFlushLookasideListEx(&list);
  ExDeleteLookasideListEx(&list);
  CHECK(entry && allocated == 1 && freed == 1);
}

TEST(lookaside_list_freed_after_it_was_deleted) {
  auto* list = (PNPAGED_LOOKASIDE_LIST)ExAllocatePoolWithTag(NonPagedPool, sizeof(NPAGED_LOOKASIDE_LIST), 'tseT');
  for (int i = 0; i < 2; ++i) {
    ExInitializeNPagedLookasideList(list, nullptr, nullptr, 0, 48, 'tseT', 0);
    ExDeleteNPagedLookasideList(list);
  }
  ExFreePool(list);
}

TEST(lookaside_list_freed_before_it_was_deleted) {
  auto* list = (PPAGED_LOOKASIDE_LIST)ExAllocatePoolWithTag(NonPagedPool, sizeof(PAGED_LOOKASIDE_LIST), 'tseT');
  ExInitializePagedLookasideList(list, nullptr, nullptr, 0, 48, 'tseT', 0);
  mach_test_expect_stop("Lookaside 1 freed before it was deleted");
  ExFreePool(list);
}
