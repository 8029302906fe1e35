#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kForms[] = {MACH_LOCK_SPIN,         MACH_LOCK_SPIN | kAtDpc, MACH_LOCK_EX_SHARED,
                                MACH_LOCK_EX_EXCLUSIVE, MACH_LOCK_INTERRUPT};

TEST(SpinlockRelease, FiresWithoutAcquire) {
  for (std::uint32_t kind : kForms) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dispatch).release(lock, 2, kind);
    EXPECT_EQ(run.fired(), names{"SpinlockRelease"}) << kind;
    EXPECT_TRUE(run.finding().evidence.empty());
  }
}

TEST(SpinlockRelease, SilentAfterAcquire) {
  for (std::uint32_t kind : kForms) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dispatch).acquire(lock, kind).release(lock, 2, kind).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{}) << kind;
  }
}

TEST(SpinlockRelease, FiresWhenReleasedTwice) {
  for (std::uint32_t kind : kForms) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dispatch).acquire(lock, kind).release(lock, 2, kind).release(lock, 2, kind);
    EXPECT_EQ(run.fired(), names{"SpinlockRelease"}) << kind;
    EXPECT_EQ(run.finding().evidence.at(0).text, "released Lock A");
  }
}

TEST(SpinlockRelease, FiresForTheWrongLock) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a).release(b);
  EXPECT_EQ(run.fired({"LockIrql"}), names{"SpinlockRelease"});
}

TEST(SpinlockRelease, FiresForAnotherThread) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).thread(2).at(2).enter(CALLBACK_Dispatch).release(lock, 2);
  EXPECT_EQ(run.fired(), names{"SpinlockRelease"});
  EXPECT_NE(run.finding().message.find("released by T2 but held by T1"), std::string::npos);
}

TEST(SpinlockRelease, SilentForEachThreadInTurn) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).thread(2).enter(CALLBACK_Dispatch).attempt(lock);
  run.thread(1).release(lock).thread(2).add(EVENT_LockAcquired, lock).release(lock).leave(CALLBACK_Dispatch);
  run.thread(1).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinlockRelease, FiresForInterruptingDpc) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(0).enter(CALLBACK_Dispatch).acquire(lock, kAtDpc).at(2).enter(CALLBACK_Dpc).release(lock, 2, kAtDpc);
  EXPECT_EQ(run.fired(), names{"SpinlockRelease"});
}

TEST(SpinlockRelease, SilentInCalledRoutine) {  // acquired here, released in a routine called from here
  for (std::uint32_t inner : {CALLBACK_Completion, CALLBACK_Csq, CALLBACK_Other, CALLBACK_StartIo}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dispatch).acquire(lock).enter(inner).release(lock, 2).leave(inner).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{}) << inner;
  }
}

TEST(SpinlockRelease, SilentForConvertedLock) {
  for (bool event_for_release : {false, true}) {
    EventList run;
    const ObjectId lock = run.raw_lock();
    run.at(2).enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_EX_SHARED);
    if (event_for_release) run.release(lock, 2, MACH_LOCK_EX_SHARED);
    run.add(EVENT_LockAcquired, lock, 2, MACH_LOCK_EX_EXCLUSIVE).release(lock, 2, MACH_LOCK_EX_EXCLUSIVE);
    run.leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(SpinlockRelease, SilentForSharedHolders) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_EX_SHARED);
  run.thread(2).enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_EX_SHARED);
  run.thread(1).release(lock, 0, MACH_LOCK_EX_SHARED).leave(CALLBACK_Dispatch);
  run.thread(2).release(lock, 0, MACH_LOCK_EX_SHARED).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinlockRelease, SilentForAnyOrderOfTwoLocks) {
  for (bool crosswise : {false, true}) {
    EventList run;
    const ObjectId a = run.lock(), b = run.lock();
    run.enter(CALLBACK_Dispatch).acquire(a).acquire(b);
    run.release(crosswise ? a : b, 2).release(crosswise ? b : a, 0).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{});
  }
}

}  // namespace
}  // namespace wdm
