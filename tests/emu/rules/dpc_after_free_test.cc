#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(DpcAfterFree, FiresWhenFreed) {
  EventList run;
  const ObjectId object = run.object(OBJECT_Dpc);
  run.enter(CALLBACK_Dispatch).add(EVENT_DpcQueue, object, 1);
  const std::uint32_t begin = run.last();
  run.add(EVENT_DpcFreed, object);
  EXPECT_EQ(run.fired(), names{"DpcAfterFree"});
  EXPECT_EQ(run.finding().event, run.last());
  EXPECT_EQ(run.finding().evidence.at(0).event, begin);
}

TEST(DpcAfterFree, FiresWhenLeftAfterUnload) {
  EventList run;
  const ObjectId object = run.object(OBJECT_Dpc);
  run.enter(CALLBACK_Dispatch).add(EVENT_DpcQueue, object, 1);
  const std::uint32_t begin = run.last();
  run.outside([&] { run.add(EVENT_EndDpc, object); });
  EXPECT_EQ(run.fired(), names{"DpcAfterFree"});
  EXPECT_EQ(run.finding().event, begin) << "where it began, since nothing of the driver runs any more";
  EXPECT_EQ(run.finding().evidence.at(0).event, run.last());
}

TEST(DpcAfterFree, SilentWhenNothingIsLeft) {
  EventList run;
  const ObjectId object = run.object(OBJECT_Dpc), block = run.object(OBJECT_Pool);
  run.enter(CALLBACK_Dispatch).add(EVENT_PoolAlloc, block, 64).add(EVENT_DpcQueue, object, 1).add(EVENT_PoolFree, block);
  EXPECT_EQ(run.fired(), names{});
}

TEST(DpcAfterFree, SilentWhenCancelled) {  // KeCancelTimer returns FALSE, KeFlushQueuedDpcs, free
  EventList run;
  const ObjectId timer = run.object(OBJECT_Timer), dpc = run.object(OBJECT_Dpc), block = run.object(OBJECT_Pool);
  run.add(EVENT_TimerSet, timer, 10).add(EVENT_TimerExpire, timer).add(EVENT_DpcQueue, dpc, 1);
  run.enter(CALLBACK_Dispatch).add(EVENT_TimerCancel, timer, 0).at(2).enter(CALLBACK_Dpc, dpc);
  run.leave(CALLBACK_Dpc, dpc).at(0).add(EVENT_PoolFree, block).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
