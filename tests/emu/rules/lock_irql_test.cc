#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(LockIrql, FiresWhenCancelLockGoesFirst) {  // own lock taken, then the cancel lock given back with CancelIrql
  EventList run;
  const ObjectId cancel_lock = run.raw_lock(), own = run.lock();
  run.acquire(cancel_lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).acquire(own);
  run.release(cancel_lock, 0, MACH_LOCK_CANCEL);
  EXPECT_EQ(run.fired(), names{"LockIrql"});
}

TEST(LockIrql, SilentWhenTheOwnLockGoesFirst) {
  EventList run;
  const ObjectId cancel_lock = run.raw_lock(), own = run.lock();
  run.acquire(cancel_lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).acquire(own).release(own, 2);
  run.release(cancel_lock, 0, MACH_LOCK_CANCEL).leave(CALLBACK_Cancel);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockIrql, FiresForQueuedLocksInTheWrongOrder) {  // each handle keeps its own IRQL
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a, MACH_LOCK_QUEUED).acquire(b, MACH_LOCK_QUEUED).release(a, 0, MACH_LOCK_QUEUED);
  EXPECT_EQ(run.fired(), names{"LockIrql"});
}

TEST(LockIrql, SilentForQueuedLocksInReverseOrder) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a, MACH_LOCK_QUEUED).acquire(b, MACH_LOCK_QUEUED);
  run.release(b, 2, MACH_LOCK_QUEUED).release(a, 0, MACH_LOCK_QUEUED).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockIrql, FiresForKeLowerIrqlUnderLock) {
  for (std::uint32_t kind :
       {MACH_LOCK_SPIN + 0u, MACH_LOCK_SPIN | kAtDpc, MACH_LOCK_QUEUED + 0u, MACH_LOCK_EX_SHARED + 0u}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.enter(CALLBACK_Dispatch).raise(2).acquire(lock, kind).lower(0);
    EXPECT_EQ(run.fired(), names{"LockIrql"}) << kind;
  }
}

TEST(LockIrql, SilentForLoweringToDispatchLevel) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dpc).acquire(lock, kAtDpc).raise(5).lower(2).release(lock, 2, kAtDpc).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockIrql, SilentForAnotherThread) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).thread(2).enter(CALLBACK_Dispatch).raise(2).lower(0);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
