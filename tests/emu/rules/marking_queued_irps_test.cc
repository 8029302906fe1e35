#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

constexpr std::uint32_t kKinds[] = {MACH_LOCK_SPIN, MACH_LOCK_QUEUED, MACH_LOCK_CANCEL};

TEST(MarkingQueuedIrps, EveryOrderOfMarkInsertRelease) {
  for (const std::uint32_t kind : kKinds)
    for (int when = 0; when < 4; ++when) {  // before the acquire, before the insert, before the release, after it
      EventList run;
      const ObjectId irp = run.irp(), lock = kind == MACH_LOCK_CANCEL ? run.raw_lock() : run.lock();
      run.enter(CALLBACK_Dispatch, irp);
      const auto mark_at = [&](int now) {
        if (when == now) run.add(EVENT_IrpMarkPending, irp);
      };
      mark_at(0);
      run.acquire(lock, kind);
      mark_at(1);
      run.add(EVENT_IrpInsert, irp);
      mark_at(2);
      run.release(lock, 0, kind);
      mark_at(3);
      const std::uint32_t last = run.last();
      run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
      EXPECT_EQ(run.fired(), when == 3 ? names{"MarkingQueuedIrps"} : names{}) << kind << when;
      if (when == 3) EXPECT_EQ(run.finding().event, last);
    }
}

TEST(MarkingQueuedIrps, SilentUnderAnOuterLock) {
  EventList run;
  const ObjectId irp = run.irp(), outer = run.lock(), inner = run.lock();
  run.enter(CALLBACK_Dispatch, irp).acquire(outer).acquire(inner).add(EVENT_IrpInsert, irp).release(inner, 2);
  run.add(EVENT_IrpMarkPending, irp).release(outer).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

TEST(MarkingQueuedIrps, MutexAround) {
  for (const bool owned : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp(), lock = run.lock(), mutex = run.object(OBJECT_Mutex);
    run.enter(CALLBACK_Dispatch, irp).add(EVENT_Own, mutex, 2);
    if (!owned) run.add(EVENT_Disown, mutex, 2);
    run.acquire(lock).add(EVENT_IrpInsert, irp).release(lock).add(EVENT_IrpMarkPending, irp);
    if (owned) run.add(EVENT_Disown, mutex, 2);
    run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
    EXPECT_EQ(run.fired(), owned ? names{} : names{"MarkingQueuedIrps"});
  }
}

TEST(MarkingQueuedIrps, SilentWhenItWasTakenOffOrNoLockGuardsTheList) {
  for (const bool guarded : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp(), lock = run.lock();
    run.enter(CALLBACK_Dispatch, irp);
    if (guarded) run.acquire(lock);
    run.add(EVENT_IrpInsert, irp);
    if (guarded) run.add(EVENT_IrpRemove, irp).release(lock);
    run.add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
    EXPECT_EQ(run.fired(), names{});
  }
}

// What the mark then touches may be gone.
TEST(MarkingQueuedIrps, FiresWhenAnotherThreadHasTakenItOff) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.lock();
  run.enter(CALLBACK_Dispatch, irp).acquire(lock).add(EVENT_IrpInsert, irp).release(lock);
  run.thread(2).enter(CALLBACK_Thread).acquire(lock).add(EVENT_IrpRemove, irp).release(lock).add(EVENT_IrpComplete, irp);
  run.thread(1).add(EVENT_IrpMarkPending, irp);
  EXPECT_EQ(run.fired(), names{"MarkingQueuedIrps"});
}

// Another routine, which took it off in a way that is not seen, marks it.
TEST(MarkingQueuedIrps, SilentForAMarkByAnotherRoutine) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.lock();
  run.enter(CALLBACK_Dispatch, irp).acquire(lock).add(EVENT_IrpMarkPending, irp).add(EVENT_IrpInsert, irp).release(lock);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus).enter(CALLBACK_WorkItem).add(EVENT_IrpMarkPending, irp);
  EXPECT_EQ(run.fired(), names{});
}

TEST(MarkingQueuedIrps, Interlocked) {
  for (const std::uint16_t ddi : {DDI_ExInterlockedInsertHeadList, DDI_ExInterlockedInsertTailList})
    for (const bool before : {false, true}) {
      EventList run;
      const ObjectId irp = run.irp(), lock = run.lock();
      run.enter(CALLBACK_Dispatch, irp);
      if (before) run.add(EVENT_IrpMarkPending, irp);
      run.inside(ddi).raise(2).acquire(lock, MACH_LOCK_SPIN | kAtDpc).add(EVENT_IrpInsert, irp);
      run.release(lock, 2, MACH_LOCK_SPIN | kAtDpc).lower(0).inside(DDI_None);
      if (!before) run.add(EVENT_IrpMarkPending, irp);
      run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
      EXPECT_EQ(run.fired(), before ? names{} : names{"MarkingInterlockedQueuedIrps"});
    }
}

TEST(MarkingQueuedIrps, StartPacket) {
  for (const bool idle : {false, true})
    for (const bool before : {false, true}) {
      EventList run;
      const ObjectId irp = run.irp();
      run.enter(CALLBACK_Dispatch, irp);
      if (before) run.add(EVENT_IrpMarkPending, irp);
      run.inside(DDI_IoStartPacket);
      if (idle) run.enter(CALLBACK_StartIo, irp).leave(CALLBACK_StartIo, irp);
      else run.add(EVENT_IrpQueue, irp);
      run.inside(DDI_None);
      if (!before) run.add(EVENT_IrpMarkPending, irp);
      run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
      EXPECT_EQ(run.fired(), before ? names{} : names{"MarkingQueuedIrps"}) << idle;
    }
}

// IoCsqInsertIrp marks it and queues it, in this order.
TEST(MarkingQueuedIrps, CancelSafeQueue) {
  for (const bool again : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp(), lock = run.lock(), csq = run.object(OBJECT_Csq);
    run.enter(CALLBACK_Dispatch, irp).inside(DDI_IoCsqInsertIrp).enter(CALLBACK_Csq, csq).acquire(lock).leave(CALLBACK_Csq, csq);
    run.enter(CALLBACK_Csq, csq).add(EVENT_IrpInsert, irp).leave(CALLBACK_Csq, csq);
    run.add(EVENT_IrpMarkPending, irp).add(EVENT_IrpQueue, irp);
    run.enter(CALLBACK_Csq, csq).release(lock).leave(CALLBACK_Csq, csq).inside(DDI_None);
    if (again) run.add(EVENT_IrpMarkPending, irp);
    run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
    EXPECT_EQ(run.fired(), again ? names{"MarkingQueuedIrps"} : names{});
  }
}

}  // namespace
}  // namespace wdm
