#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(CancelSpinlockRelease, FiresWhenNotHeld) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.at(2).enter(CALLBACK_Dispatch).release(lock, 2, MACH_LOCK_CANCEL);
  EXPECT_EQ(run.fired(), names{"CancelSpinlockRelease"});
}

TEST(CancelSpinlockRelease, SilentWhenHeld) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_CANCEL).release(lock, 0, MACH_LOCK_CANCEL);
  EXPECT_EQ(run.fired(), names{});
}

TEST(CancelSpinlockRelease, FiresWhenCancelRoutineReleasesTwice) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).release(lock, 2, MACH_LOCK_CANCEL);
  run.release(lock, 2, MACH_LOCK_CANCEL);
  EXPECT_EQ(run.fired(), names{"CancelSpinlockRelease"});
}

TEST(CancelSpinlockRelease, SilentWhenCancelRoutineReleasesOnce) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).release(lock, 0, MACH_LOCK_CANCEL).leave(CALLBACK_Cancel);
  EXPECT_EQ(run.fired(), names{});
}

TEST(CancelSpinlockRelease, FiresForAnotherThread) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_CANCEL).thread(2).at(2);
  run.enter(CALLBACK_Dispatch).release(lock, 2, MACH_LOCK_CANCEL);
  EXPECT_EQ(run.fired(), names{"CancelSpinlockRelease"});
}

TEST(CancelSpinlockRelease, SilentForEachThreadInTurn) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  for (std::uint8_t thread : {1, 2, 1}) {
    run.thread(thread).enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_CANCEL).release(lock, 0, MACH_LOCK_CANCEL);
    run.leave(CALLBACK_Dispatch);
  }
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
