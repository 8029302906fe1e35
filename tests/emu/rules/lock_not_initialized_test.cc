#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kKinds[] = {MACH_LOCK_SPIN, MACH_LOCK_SPIN | kAtDpc, MACH_LOCK_QUEUED, MACH_LOCK_QUEUED | kAtDpc};

TEST(LockNotInitialized, FiresOnceForEachLock) {
  for (std::uint32_t kind : kKinds) {
    EventList run;
    const ObjectId lock = run.raw_lock();
    run.at(2).enter(CALLBACK_Dispatch);
    for (int time = 0; time < 2; ++time) run.acquire(lock, kind).release(lock, 2, kind);
    EXPECT_EQ(run.fired(), names{"LockNotInitialized"}) << kind;
  }
}

TEST(LockNotInitialized, SilentAfterInitialising) {
  for (std::uint32_t kind : kKinds) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dispatch).acquire(lock, kind).release(lock, 2, kind);
    EXPECT_EQ(run.fired(), names{}) << kind;
  }
}

TEST(LockNotInitialized, FiresForTry) {
  for (bool succeeds : {false, true}) {
    EventList run;
    const ObjectId lock = run.raw_lock();
    run.at(2).add(succeeds ? EVENT_LockAcquired : EVENT_LockTryFailed, lock, 2, kAtDpc);
    EXPECT_EQ(run.fired(), names{"LockNotInitialized"});
  }
}

TEST(LockNotInitialized, SilentForKindsWithoutInitialisingRoutine) {
  for (std::uint32_t kind : {MACH_LOCK_CANCEL, MACH_LOCK_EX_SHARED, MACH_LOCK_EX_EXCLUSIVE, MACH_LOCK_INTERRUPT,
                             MACH_LOCK_INTERNAL}) {
    EventList run;
    const ObjectId lock = run.raw_lock();
    run.at(2).enter(CALLBACK_Dispatch).acquire(lock, kind).release(lock, 2, kind);
    EXPECT_EQ(run.fired(), names{}) << kind;
  }
}

TEST(LockNotInitialized, FiresWhenInitialisedTooLate) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock).add(EVENT_LockInit, lock).acquire(lock).release(lock);
  EXPECT_EQ(run.fired(), names{"LockNotInitialized"});
}

TEST(LockNotInitialized, SilentForOneOfTwo) {
  EventList run;
  const ObjectId good = run.lock(), bad = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(good).release(good).acquire(bad).release(bad);
  EXPECT_EQ(run.finding().message, "Lock B used before KeInitializeSpinLock");
}

}  // namespace
}  // namespace wdm
