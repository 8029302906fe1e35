#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

constexpr std::uint32_t kTag = 'A' | 'b' << 8 | 'c' << 16 | 'd' << 24;

TEST(PoolLeak, FiresAtTheAllocation) {
  EventList run;
  const ObjectId one = run.object(OBJECT_Pool), two = run.object(OBJECT_Pool);
  run.add(EVENT_PoolAlloc, one, 16, kTag).add(EVENT_PoolAlloc, two, 64, kTag);
  const std::uint32_t allocation = run.last();
  run.add(EVENT_PoolFree, one, 0, kTag).outside([&] { run.add(EVENT_EndPool, two, 64, kTag); });
  EXPECT_EQ(run.fired(), names{"PoolLeak"});
  EXPECT_EQ(run.finding().event, allocation);
  EXPECT_EQ(run.finding().message, "Block 2 of 64 bytes with tag 'Abcd' is never freed");
}

TEST(PoolLeak, FiresWithoutAllocationEvent) {
  EventList run;
  const ObjectId block = run.object(OBJECT_Pool);
  run.add(EVENT_EndPool, block, 8, 0);
  EXPECT_EQ(run.finding().event, run.last());
  EXPECT_EQ(run.finding().message, "Block 1 of 8 bytes with no tag is never freed");
}

TEST(PoolLeak, SilentWhenFreed) {
  EventList run;
  const ObjectId block = run.object(OBJECT_Pool);
  run.add(EVENT_PoolAlloc, block, 16, kTag).add(EVENT_PoolFree, block, 0, kTag);
  EXPECT_EQ(run.fired(), names{});
}

TEST(PoolLeak, SilentBeforeUnload) {
  EventList run;
  const ObjectId block = run.object(OBJECT_Pool);
  run.add(EVENT_PoolAlloc, block, 16, kTag);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
