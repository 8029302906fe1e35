#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
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

const std::uint32_t kShareable[] = {MACH_LOCK_SPIN | kAtDpc, MACH_LOCK_QUEUED | kAtDpc, MACH_LOCK_EX_SHARED | kAtDpc,
                                    MACH_LOCK_EX_EXCLUSIVE | kAtDpc};

// A service routine that takes the lock, called as the kernel does it.
void interrupt(EventList& run, ObjectId interrupt_lock, ObjectId lock, std::uint32_t kind) {
  run.outside([&] { run.raise(5).acquire(interrupt_lock, MACH_LOCK_INTERRUPT | kAtDpc); });
  run.enter(CALLBACK_Isr).acquire(lock, kind).release(lock, 5, kind).leave(CALLBACK_Isr);
  run.outside([&] { run.release(interrupt_lock, 5, MACH_LOCK_INTERRUPT | kAtDpc).lower(0); });
}

void dpc(EventList& run, ObjectId lock, std::uint32_t kind) {
  run.at(2).enter(CALLBACK_Dpc).acquire(lock, kind).release(lock, 2, kind).leave(CALLBACK_Dpc).at(0);
}

TEST(LockIrql, FiresForALockOfAnIsrAndBelow) {
  for (std::uint32_t kind : kShareable) {
    for (const bool isr_first : {true, false}) {
      EventList run;
      const ObjectId lock = run.lock(), interrupt_lock = run.lock();
      if (isr_first) interrupt(run, interrupt_lock, lock, kind);
      dpc(run, lock, kind);
      if (!isr_first) interrupt(run, interrupt_lock, lock, kind);
      EXPECT_EQ(run.fired(), names{"LockIrql"}) << kind;
    }
  }
}

TEST(LockIrql, SilentForLocksOfOneLevel) {
  for (std::uint32_t kind : kShareable) {
    EventList run;
    const ObjectId high = run.lock(), low = run.lock(), interrupt_lock = run.lock();
    interrupt(run, interrupt_lock, high, kind);
    dpc(run, low, kind);
    interrupt(run, interrupt_lock, high, kind);
    EXPECT_EQ(run.fired(), names{}) << kind;
  }
}

TEST(LockIrql, SilentWhereInterruptsAreMasked) {  // ExInterlocked routines at both levels
  EventList run;
  const ObjectId lock = run.lock(), interrupt_lock = run.lock();
  run.inside(DDI_ExInterlockedInsertTailList);
  interrupt(run, interrupt_lock, lock, MACH_LOCK_SPIN | kAtDpc);
  dpc(run, lock, MACH_LOCK_SPIN | kAtDpc);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockIrql, SilentForALockAlwaysUnderTheInterruptLock) {  // KeSynchronizeExecution and the like
  EventList run;
  const ObjectId lock = run.lock(), interrupt_lock = run.lock();
  interrupt(run, interrupt_lock, lock, MACH_LOCK_SPIN | kAtDpc);
  run.enter(CALLBACK_WorkItem).raise(5).acquire(interrupt_lock, MACH_LOCK_INTERRUPT | kAtDpc);
  run.acquire(lock, kAtDpc).release(lock, 5, kAtDpc).release(interrupt_lock, 0, MACH_LOCK_INTERRUPT | kAtDpc).lower(0);
  run.leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
