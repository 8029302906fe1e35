#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(IrqlReturn, FiresForEveryOtherLevel) {
  for (std::uint8_t entry : {0, 1, 2}) {
    for (std::uint8_t exit : {0, 1, 2}) {
      if (entry == exit) continue;
      EventList run;
      run.at(entry).enter(CALLBACK_Dispatch).raise(exit);
      const std::uint32_t change = run.last();
      run.leave(CALLBACK_Dispatch);
      EXPECT_EQ(run.fired(), names{"IrqlReturn"}) << int(entry) << int(exit);
      EXPECT_EQ(run.finding().event, change) << "the line to look at is the last change";
    }
  }
}

TEST(IrqlReturn, SilentForTheSameLevel) {
  for (std::uint8_t entry : {0, 1, 2}) {
    EventList run;
    run.at(entry).enter(CALLBACK_Dispatch).raise(2).lower(entry).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(IrqlReturn, FiresAfterAcquireAndFromDpcLevelRelease) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock, 2, kAtDpc).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{"IrqlReturn"});
}

TEST(IrqlReturn, SilentWhenTheDriverLowersItself) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock, 2, kAtDpc).lower(0).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlReturn, FiresForTheInnerOfTwo) {
  EventList run;
  run.enter(CALLBACK_Dispatch, 7).add(EVENT_IrpComplete, 7).enter(CALLBACK_Dispatch, 8).add(EVENT_IrpComplete, 8);
  run.raise(2).leave(CALLBACK_Dispatch, 8).lower(0).leave(CALLBACK_Dispatch, 7);
  EXPECT_EQ(run.fired(), names{"IrqlReturn"});
}

TEST(IrqlReturn, SilentWhileTheLockIsTheMistake) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{"SpinLock"});
}

}  // namespace
}  // namespace wdm
