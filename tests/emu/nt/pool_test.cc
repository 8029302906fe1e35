#include "tests/emu/nt/check.h"

TEST(pool_zeroes_on_request) {
  auto* bytes = (UCHAR*)ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT');
  CHECK(bytes && bytes[0] == 0 && bytes[99] == 0);
  ExFreePoolWithTag(bytes, 'tseT');
  CHECK(!ExAllocatePool2(0, 100, 'tseT'));
  void* block = ExAllocatePoolWithTag(NonPagedPool, 16, 'tseT');
  CHECK(block);
  ExFreePool(block);
}

TEST(contiguous_memory_starts_at_a_page) {
  PHYSICAL_ADDRESS any = {}, highest;
  highest.QuadPart = -1;
  const SIZE_T sizes[] = {1, 100, 4096, 5000};
  for (const SIZE_T bytes : sizes) {
    auto* block = (char*)MmAllocateContiguousMemory(bytes, highest);
    CHECK(block && (ULONG_PTR)block % 4096 == 0);
    block[0] = block[bytes - 1] = 1;
    MmFreeContiguousMemory(block);
    block = (char*)MmAllocateContiguousMemorySpecifyCache(bytes, any, highest, any, MmCached);
    CHECK(block && (ULONG_PTR)block % 4096 == 0);
    block[0] = block[bytes - 1] = 1;
    MmFreeContiguousMemorySpecifyCache(block, bytes, MmCached);
  }
  mach_test_fail_next();
  CHECK(!MmAllocateContiguousMemory(100, highest));
}

TEST(contiguous_memory_holds_a_set_timer) {
  PHYSICAL_ADDRESS highest;
  highest.QuadPart = -1;
  auto* timer = (PKTIMER)MmAllocateContiguousMemory(sizeof(KTIMER), highest);
  LARGE_INTEGER later;
  later.QuadPart = -10000;
  KeInitializeTimer(timer);
  KeSetTimer(timer, later, nullptr);
  mach_test_expect_stop("TimerActiveOnFree: ");
  MmFreeContiguousMemory(timer);
}

TEST(contiguous_memory_freed_at_any_level_up_to_dispatch) {
  PHYSICAL_ADDRESS highest;
  highest.QuadPart = -1;
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  MmFreeContiguousMemory(MmAllocateContiguousMemory(10, highest));
  void* block = MmAllocateContiguousMemory(10, highest);
  KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
  mach_test_expect_stop("IrqlMmDispatch: MmFreeContiguousMemory called at");
  MmFreeContiguousMemory(block);
}
