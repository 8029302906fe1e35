#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

EventList& with_handle(EventList& run, ObjectId handle) { return run.add(EVENT_QueueHandle, handle, 1); }

EventList& release_with(EventList& run, ObjectId handle, ObjectId lock, std::uint8_t irql = 0) {
  return run.add(EVENT_QueueHandle, handle, 0, lock).release(lock, irql, MACH_LOCK_QUEUED);
}

TEST(QueuedSpinLockRelease, FiresWhenReleasedButNotHeld) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dispatch).release(lock, 2, MACH_LOCK_QUEUED);
  EXPECT_EQ(run.fired(), names{"QueuedSpinLockRelease"});
}

TEST(QueuedSpinLockRelease, FiresOnceForASecondReleaseWithTheSameHandle) {
  EventList run;
  const ObjectId lock = run.lock(), handle = run.object(OBJECT_LockHandle);
  with_handle(run.at(2).enter(CALLBACK_Dispatch), handle).acquire(lock, MACH_LOCK_QUEUED);
  release_with(run, handle, lock, 2);
  release_with(run, handle, lock, 2);
  EXPECT_EQ(run.fired(), names{"QueuedSpinLockRelease"});
}

TEST(QueuedSpinLockRelease, FiresWhenReleasedByAnotherThread) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_QUEUED).thread(2).at(2);
  run.enter(CALLBACK_Dispatch).release(lock, 2, MACH_LOCK_QUEUED);
  EXPECT_EQ(run.fired(), names{"QueuedSpinLockRelease"});
  EXPECT_NE(run.finding().message.find("0x1004"), std::string::npos);
}

TEST(QueuedSpinLockRelease, FiresForAHandleThatTwoAcquiresUse) {  // on two processors for one lock or two, or nested
  for (const bool same_lock : {true, false}) {
    for (const std::uint8_t second : {1, 2}) {
      if (same_lock && second == 1) continue;  // QueuedSpinLock
      EventList run;
      const ObjectId a = run.lock(), b = same_lock ? a : run.lock(), handle = run.object(OBJECT_LockHandle);
      with_handle(run.enter(CALLBACK_Dispatch), handle).acquire(a, MACH_LOCK_QUEUED);
      const std::uint32_t first = run.last() - 3;
      if (second != 1) run.thread(second).enter(CALLBACK_Dispatch);
      with_handle(run, handle);
      const std::uint32_t place = run.last();
      run.attempt(b, MACH_LOCK_QUEUED);
      EXPECT_EQ(run.fired(), names{"QueuedSpinLockRelease"});
      EXPECT_EQ(run.finding().event, place);
      EXPECT_EQ(run.finding().evidence.at(0).event, first);
    }
  }
}

TEST(QueuedSpinLockRelease, SilentForHandlesUsedOneAfterTheOther) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock(), handle = run.object(OBJECT_LockHandle);
  for (const std::uint8_t thread : {1, 2, 1}) {
    run.thread(thread).enter(CALLBACK_Dispatch);
    for (const ObjectId lock : {a, b, a}) {
      with_handle(run, handle).acquire(lock, MACH_LOCK_QUEUED);
      release_with(run, handle, lock);
    }
    run.leave(CALLBACK_Dispatch);
  }
  EXPECT_EQ(run.fired(), names{});
}

TEST(QueuedSpinLockRelease, SilentForTwoHandlesWhateverTheOrderOfReleases) {
  for (const bool crossed : {false, true}) {
    EventList run;
    const ObjectId locks[] = {run.lock(), run.lock()};
    const ObjectId handles[] = {run.object(OBJECT_LockHandle), run.object(OBJECT_LockHandle)};
    run.at(2).enter(CALLBACK_Dpc);
    for (int i : {0, 1}) with_handle(run, handles[i]).acquire(locks[i], MACH_LOCK_QUEUED);
    release_with(run, handles[!crossed], locks[!crossed], 2);
    release_with(run, handles[crossed], locks[crossed], 2).leave(CALLBACK_Dpc);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(QueuedSpinLockRelease, SilentForAWaiterOfItsOwnHandle) {
  EventList run;
  const ObjectId lock = run.lock(), mine = run.object(OBJECT_LockHandle), yours = run.object(OBJECT_LockHandle);
  with_handle(run.enter(CALLBACK_Dispatch), mine).acquire(lock, MACH_LOCK_QUEUED);
  with_handle(run.thread(2).enter(CALLBACK_Dispatch), yours).attempt(lock, MACH_LOCK_QUEUED);
  release_with(run.thread(1), mine, lock).leave(CALLBACK_Dispatch);
  run.thread(2).add(EVENT_LockAcquired, lock, 0, MACH_LOCK_QUEUED);
  release_with(run, yours, lock).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(QueuedSpinLockRelease, FiresForACopyOfTheHandle) {
  EventList run;
  const ObjectId lock = run.lock(), handle = run.object(OBJECT_LockHandle), copy = run.object(OBJECT_LockHandle);
  with_handle(run.enter(CALLBACK_Dispatch), handle).acquire(lock, MACH_LOCK_QUEUED);
  const std::uint32_t acquire = run.last();
  release_with(run, copy, lock).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{"QueuedSpinLockRelease"});
  EXPECT_EQ(run.finding().message, "Lock A released with another handle than it was acquired with");
  EXPECT_EQ(run.finding().evidence.at(0).event, acquire);
}

}  // namespace
}  // namespace wdm
