#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

// The kernel acquires the cancel lock and calls the cancel routine.
EventList& cancel(EventList& run, ObjectId lock, std::uint8_t irql = 0) {
  run.at(irql).outside([&] { run.acquire(lock, MACH_LOCK_CANCEL); });
  return run.enter(CALLBACK_Cancel);
}

TEST(CancelSpinLock, FiresWhenAcquiredAgain) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_CANCEL).attempt(lock, MACH_LOCK_CANCEL);
  EXPECT_EQ(run.fired(), names{"CancelSpinLock"});
}

TEST(CancelSpinLock, SilentWhenReleasedBetween) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch);
  for (int time = 0; time < 2; ++time) run.acquire(lock, MACH_LOCK_CANCEL).release(lock, 0, MACH_LOCK_CANCEL);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(CancelSpinLock, FiresWhenCancelRoutineAcquiresIt) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  cancel(run, lock).attempt(lock, MACH_LOCK_CANCEL);
  EXPECT_EQ(run.fired(), names{"CancelSpinLock"});
}

TEST(CancelSpinLock, SilentWhenCancelRoutineReleasesItFirst) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  cancel(run, lock).release(lock, 0, MACH_LOCK_CANCEL);
  run.acquire(lock, MACH_LOCK_CANCEL).release(lock, 0, MACH_LOCK_CANCEL).leave(CALLBACK_Cancel);
  EXPECT_EQ(run.fired(), names{});
}

TEST(CancelSpinLock, FiresWhenCancelRoutineKeepsIt) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  cancel(run, lock);
  const std::uint32_t enter = run.last();
  run.leave(CALLBACK_Cancel);
  EXPECT_EQ(run.fired(), names{"CancelSpinLock"});
  EXPECT_EQ(run.finding().event, enter) << "the kernel acquired it: the routine is the place to look at";
}

TEST(CancelSpinLock, FiresWhenDispatchRoutineKeepsIt) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_CANCEL);
  const std::uint32_t acquire = run.last();
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{"CancelSpinLock"});
  EXPECT_EQ(run.finding().event, acquire);
}

// The documented pattern for a queue with its own lock: give the cancel lock back at once.
TEST(CancelSpinLock, SilentForCancelRoutineWithOwnLock) {
  for (std::uint8_t irql : {0, 1, 2}) {
    EventList run;
    const ObjectId cancel_lock = run.raw_lock(), own = run.lock();
    cancel(run, cancel_lock, irql).release(cancel_lock, irql, MACH_LOCK_CANCEL);
    run.acquire(own).release(own, irql).leave(CALLBACK_Cancel);
    EXPECT_EQ(run.fired(), names{}) << int(irql);
  }
}

// Taking the own lock before the cancel lock is given back, and swapping the IRQLs, is legal too.
TEST(CancelSpinLock, SilentForCrosswiseRelease) {
  EventList run;
  const ObjectId cancel_lock = run.raw_lock(), own = run.lock();
  cancel(run, cancel_lock).acquire(own).release(cancel_lock, 2, MACH_LOCK_CANCEL).release(own, 0);
  run.leave(CALLBACK_Cancel);
  EXPECT_EQ(run.fired(), names{});
}

TEST(CancelSpinLock, SilentWhenCallerOfIoCancelIrpHoldsNothing) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch);
  cancel(run, lock).release(lock, 0, MACH_LOCK_CANCEL).leave(CALLBACK_Cancel).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
