// Code that looks wrong and is legal: no rule may say anything. And the patterns of cancelling and completing that real drivers
// got wrong: some rule has to.
#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

TEST(Trap1, NestedLocksReleasedInTheOrderOfAcquiring) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_WorkItem).acquire(a).acquire(b).release(a, 2).release(b, 0).leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{});
}

TEST(Trap2, AtDpcLevelAfterKeRaiseIrqlAndInADpc) {
  EventList run;
  const ObjectId lock = run.lock();
  const std::uint16_t acquire = DDI_KeAcquireSpinLockAtDpcLevel;
  run.enter(CALLBACK_WorkItem).raise(2).call(acquire, lock).acquire(lock, kAtDpc).release(lock, 2, kAtDpc).lower(0);
  run.leave(CALLBACK_WorkItem).at(2).enter(CALLBACK_Dpc).call(acquire, lock).acquire(lock, kAtDpc);
  run.release(lock, 2, kAtDpc).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{});
}

// Which function of the driver calls is nothing that the rules know; a callback of the driver's own inside counts as its caller.
TEST(Trap3, LockAcquiredInOneRoutineAndReleasedInAnother) {
  EventList run;
  const ObjectId lock = run.lock(), csq = run.object(OBJECT_Csq), irp = run.irp();
  run.dispatch(irp, 3).enter(CALLBACK_Csq, csq).acquire(lock).leave(CALLBACK_Csq, csq);
  run.enter(CALLBACK_Csq, csq).release(lock).leave(CALLBACK_Csq, csq).add(EVENT_IrpComplete, irp);
  run.leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

TEST(Trap4, CancelRoutineReleasesTheCancelLockAtOnce) {
  EventList run;
  const ObjectId irp = run.irp(), own = run.lock(), cancel = run.raw_lock();
  run.outside([&] { run.acquire(cancel, MACH_LOCK_CANCEL).add(EVENT_IrpCancel, irp); });
  run.enter(CALLBACK_Cancel, irp).release(cancel, 0, MACH_LOCK_CANCEL).acquire(own).add(EVENT_IrpRemove, irp).release(own);
  run.add(EVENT_IrpComplete, irp, 0xC0000120).leave(CALLBACK_Cancel, irp);
  EXPECT_EQ(run.fired(), names{});
}

// The cancel routine is running already: the IRP is its, and only its.
TEST(Trap5, IrpLeftToItsCancelRoutine) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.lock(), cancel = run.raw_lock();
  run.dispatch(irp, 3).acquire(lock).add(EVENT_IrpMarkPending, irp).add(EVENT_IrpInsert, irp).add(EVENT_IrpSetCancel, irp, 1);
  run.release(lock).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.thread(2).outside([&] { run.acquire(cancel, MACH_LOCK_CANCEL).add(EVENT_IrpCancel, irp); });
  run.enter(CALLBACK_Cancel, irp).release(cancel, 0, MACH_LOCK_CANCEL);
  run.thread(1).at(2).enter(CALLBACK_Dpc).acquire(lock, kAtDpc).add(EVENT_IrpRemove, irp).add(EVENT_IrpSetCancel, irp, 0, 0);
  run.release(lock, 2, kAtDpc).leave(CALLBACK_Dpc);
  run.thread(2).add(EVENT_IrpComplete, irp, 0xC0000120).leave(CALLBACK_Cancel, irp);
  EXPECT_EQ(run.fired(), names{});
}

TEST(Trap6, MarkedCompletedAndReturnedAsPending) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).add(EVENT_IrpMarkPending, irp).add(EVENT_IrpComplete, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

// The timer has expired, its DPC was flushed: nothing is set or queued when the memory goes.
TEST(Trap7, KeCancelTimerTooLateThenFlushed) {
  EventList run;
  const ObjectId timer = run.object(OBJECT_Timer), dpc = run.object(OBJECT_Dpc), block = run.object(OBJECT_Pool);
  run.enter(CALLBACK_WorkItem).add(EVENT_PoolAlloc, block, 64).add(EVENT_TimerSet, timer, 10).add(EVENT_TimerExpire, timer);
  run.add(EVENT_DpcQueue, dpc, 1).add(EVENT_TimerCancel, timer, 0);
  run.thread(2).at(2).enter(CALLBACK_Dpc, dpc).leave(CALLBACK_Dpc, dpc).thread(1);
  run.call(DDI_KeFlushQueuedDpcs).add(EVENT_PoolFree, block).leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{});
}

TEST(Trap8, LocksOfOneClassOrderedByAddress) {
  EventList run;
  const ObjectId low = run.lock(), middle = run.lock(), high = run.lock();
  const ObjectId pairs[][2] = {{low, middle}, {middle, high}, {low, high}};
  for (const auto& [first, second] : pairs) {
    run.enter(CALLBACK_WorkItem).acquire(first).acquire(second).release(second, 2).release(first).leave(CALLBACK_WorkItem);
  }
  EXPECT_EQ(run.fired(), names{});
}

TEST(Trap9, TakenBackAndCompletedLater) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).add(EVENT_IrpMarkPending, irp);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion);
  taken_back(below_completes(run, irp), irp).forwarded(irp, 0).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  gone(run.enter(CALLBACK_WorkItem).add(EVENT_IrpComplete, irp), irp).leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{});
}

TEST(Trap10, SharedByTwo) {
  EventList run;
  const ObjectId lock = run.lock();
  run.thread(1).enter(CALLBACK_WorkItem).acquire(lock, MACH_LOCK_EX_SHARED);
  run.thread(2).enter(CALLBACK_WorkItem).acquire(lock, MACH_LOCK_EX_SHARED).release(lock, 0, MACH_LOCK_EX_SHARED);
  run.leave(CALLBACK_WorkItem).thread(1).release(lock, 0, MACH_LOCK_EX_SHARED).leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{});
}

// Only ends of dispatch routines, DPCs and the like count: the return of another callback inside them does not.
TEST(Trap11, LockHeldAcrossTheReturnOfAHelper) {
  EventList run;
  const ObjectId lock = run.lock(), csq = run.object(OBJECT_Csq);
  run.at(2).enter(CALLBACK_Dpc).enter(CALLBACK_Csq, csq).acquire(lock, kAtDpc).leave(CALLBACK_Csq, csq);
  run.release(lock, 2, kAtDpc).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{});
}

// Irp->Cancel and the state of an event are read without a lock while others change them: no event, so nothing to judge.
TEST(Trap12, UnlockedLooks) {
  EventList run;
  const ObjectId irp = run.irp(), event = run.object(OBJECT_Event), cancel = run.raw_lock();
  run.dispatch(irp, 3).add(EVENT_IrpMarkPending, irp);
  run.thread(2).outside([&] { run.acquire(cancel, MACH_LOCK_CANCEL).add(EVENT_IrpCancel, irp); });
  run.outside([&] { run.release(cancel, 0, MACH_LOCK_CANCEL); }).enter(CALLBACK_WorkItem).add(EVENT_Signal, event);
  run.leave(CALLBACK_WorkItem).thread(1).call(DDI_KeReadStateEvent, event).add(EVENT_IrpComplete, irp, 0xC0000120);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

// ---- patterns of bugs ---------------------------------------------------------------------------------------------------

// A cancel routine, entered as IoCancelIrp does it.
ObjectId cancelled(EventList& run, ObjectId irp) {
  const ObjectId cancel = run.raw_lock();
  run.outside([&] { run.acquire(cancel, MACH_LOCK_CANCEL).add(EVENT_IrpCancel, irp); }).enter(CALLBACK_Cancel, irp);
  return cancel;
}

TEST(CancelPattern, LockKept) {
  EventList run;
  const ObjectId irp = run.irp();
  cancelled(run, irp);
  run.add(EVENT_IrpComplete, irp, 0xC0000120).leave(CALLBACK_Cancel, irp);
  const names found = run.fired({"SpinLockSafe"});
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front(), "CancelSpinLock");
}

TEST(CancelPattern, WrongIrqlRestored) {
  EventList run;
  const ObjectId irp = run.irp(), cancel = cancelled(run, irp);
  run.release(cancel, 2, MACH_LOCK_CANCEL).add(EVENT_IrpComplete, irp, 0xC0000120).leave(CALLBACK_Cancel, irp);
  EXPECT_EQ(run.fired().size(), 1u);
}

// The cancel routine finds no context, or the driver forgot the IRP: nobody completes it.
TEST(CancelPattern, Orphaned) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).add(EVENT_IrpMarkPending, irp).add(EVENT_IrpSetCancel, irp, 1).thread(2);
  const ObjectId cancel = cancelled(run, irp);
  run.release(cancel, 0, MACH_LOCK_CANCEL).leave(CALLBACK_Cancel, irp);
  run.thread(1).leave(CALLBACK_Dispatch, irp, kPendingStatus).outside([&] { run.add(EVENT_EndIrp, irp, 0, 1); });
  EXPECT_EQ(run.fired(), names{"IrpNeverCompleted"});
}

TEST(CancelPattern, NotCancelledByCleanup) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.outside([&] { run.add(EVENT_IrpCancel, irp).add(EVENT_EndIrp, irp, 2, 1); });
  EXPECT_EQ(run.fired(), names{"IrpNeverCompleted"});
}

// Also what comes of a StartIo driver that completes the current IRP in its cancel routine.
TEST(CancelPattern, CancelRoutineAndDequeueBothComplete) {
  EventList run;
  const ObjectId irp = run.irp();
  const ObjectId cancel = cancelled(run.thread(2), irp);
  run.release(cancel, 0, MACH_LOCK_CANCEL).thread(1).enter(CALLBACK_WorkItem).add(EVENT_IrpSetCancel, irp, 0, 0);
  run.add(EVENT_IrpComplete, irp).thread(2).add(EVENT_IrpComplete, irp, 0xC0000120);
  EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
}

TEST(CancelPattern, CompletedWithTheCancelRoutineSet) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_WorkItem).add(EVENT_IrpSetCancel, irp, 1).add(EVENT_IrpComplete, irp, 0, 1);
  EXPECT_EQ(run.fired(), names{"CancelRoutineStillSet"});
}

TEST(CancelPattern, OwnLockAndCancelLockInBothOrders) {
  EventList run;
  const ObjectId irp = run.irp(), own = run.lock(), cancel = run.raw_lock();
  run.dispatch(irp, 3).acquire(own).acquire(cancel, MACH_LOCK_CANCEL).release(cancel, 2, MACH_LOCK_CANCEL).release(own);
  run.add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.outside([&] { run.acquire(cancel, MACH_LOCK_CANCEL).add(EVENT_IrpCancel, irp); }).enter(CALLBACK_Cancel, irp).acquire(own);
  EXPECT_EQ(run.fired(), names{"LockOrder"});
}

TEST(CompletionPattern, FailsSynchronouslyAndCompletesTwice) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion);
  below_completes(run, irp).enter(CALLBACK_Completion, irp).leave(CALLBACK_Completion, irp, 0);
  gone(run, irp).forwarded(irp, kFailed).add(EVENT_IrpComplete, irp, kFailed);
  EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
}

}  // namespace
}  // namespace wdm
