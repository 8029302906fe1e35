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

TEST(QueuedSpinLock, FiresWhenReleasedButNotHeld) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dispatch).release(lock, 2, MACH_LOCK_QUEUED);
  EXPECT_EQ(run.fired(), names{"QueuedSpinLock"});
}

TEST(QueuedSpinLock, FiresWhenReleasedByAnotherThread) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_QUEUED).thread(2).at(2);
  run.enter(CALLBACK_Dispatch).release(lock, 2, MACH_LOCK_QUEUED);
  EXPECT_EQ(run.fired(), names{"QueuedSpinLock"});
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

TEST(QueuedSpinLock, FiresForMixedPair) {
  for (bool queued_first : {false, true}) {
    const std::uint32_t acquire = queued_first ? MACH_LOCK_QUEUED : MACH_LOCK_SPIN;
    const std::uint32_t release = queued_first ? MACH_LOCK_SPIN : MACH_LOCK_QUEUED;
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dispatch).acquire(lock, acquire).release(lock, 2, release).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{queued_first ? "SpinlockRelease" : "QueuedSpinLock"});
    EXPECT_NE(run.finding().message.find("0x1009"), std::string::npos);
  }
}

TEST(QueuedSpinLock, FiresForMixedUseOverTime) {
  for (std::uint32_t first : {MACH_LOCK_QUEUED, MACH_LOCK_SPIN}) {
    const std::uint32_t second = MACH_LOCK_QUEUED + MACH_LOCK_SPIN - first;
    EventList run;
    const ObjectId lock = run.lock();
    run.enter(CALLBACK_Dispatch).acquire(lock, first).release(lock, 0, first);
    run.acquire(lock, second).release(lock, 0, second).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{"QueuedSpinLock"});
    EXPECT_NE(run.finding().message.find("0x1008"), std::string::npos);
  }
}

TEST(QueuedSpinLock, SilentForMixedUseAfterInitialisingAgain) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock).add(EVENT_LockInit, lock);
  run.acquire(lock, MACH_LOCK_QUEUED).release(lock, 0, MACH_LOCK_QUEUED).leave(CALLBACK_Dispatch);
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
