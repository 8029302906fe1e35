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
