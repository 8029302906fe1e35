#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kForms[] = {MACH_LOCK_QUEUED, MACH_LOCK_QUEUED | kAtDpc};

TEST(QueuedSpinLock, FiresWhenAcquiredAgain) {
  for (std::uint32_t first : kForms) {
    for (std::uint32_t second : kForms) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(CALLBACK_Dispatch).acquire(lock, first).attempt(lock, second);
      EXPECT_EQ(run.fired(), names{"QueuedSpinLock"});
    }
  }
}

TEST(QueuedSpinLock, SilentWhenReleasedBetween) {
  for (std::uint32_t first : kForms) {
    for (std::uint32_t second : kForms) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(CALLBACK_Dispatch).acquire(lock, first).release(lock, 2, first);
      run.acquire(lock, second).release(lock, 2, second).leave(CALLBACK_Dispatch);
      EXPECT_EQ(run.fired(), names{});
    }
  }
}

TEST(QueuedSpinLock, FiresWhenHeldAtReturn) {
  for (std::uint32_t callback : {CALLBACK_Dispatch, CALLBACK_Cancel, CALLBACK_Dpc, CALLBACK_WorkItem}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(callback).acquire(lock, MACH_LOCK_QUEUED);
    const std::uint32_t acquire = run.last();
    run.leave(callback);
    EXPECT_EQ(run.fired(), names{"QueuedSpinLock"});
    EXPECT_EQ(run.finding().event, acquire);
  }
}

TEST(QueuedSpinLock, SilentWhenReleasedBeforeReturn) {
  for (std::uint32_t callback : {CALLBACK_Dispatch, CALLBACK_Cancel, CALLBACK_Dpc, CALLBACK_WorkItem}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(callback).acquire(lock, MACH_LOCK_QUEUED).release(lock, 2, MACH_LOCK_QUEUED).leave(callback);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(QueuedSpinLock, SilentWhenHandedOver) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_QUEUED);
  run.thread(2).enter(CALLBACK_Dispatch).attempt(lock, MACH_LOCK_QUEUED);
  run.thread(1).release(lock, 0, MACH_LOCK_QUEUED).leave(CALLBACK_Dispatch);
  run.thread(2).add(EVENT_LockAcquired, lock, 0, MACH_LOCK_QUEUED).release(lock, 0, MACH_LOCK_QUEUED);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(QueuedSpinLock, SilentForTwoLocksOfDifferentKinds) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a, MACH_LOCK_QUEUED).acquire(b).release(b, 2);
  run.release(a, 0, MACH_LOCK_QUEUED).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
