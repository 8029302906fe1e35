// Mistakes found in real drivers, each as the shortest run that shows it and the rule that has to see it.
#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

bool sees(const EventList& run, const char* rule) {
  const names fired = run.fired();
  return !fired.empty() && fired.front() == rule;
}

TEST(BugPatterns, HelperTakesTheLockOfItsCaller) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).attempt(lock);
  EXPECT_TRUE(sees(run, "SpinLock"));
}

TEST(BugPatterns, ErrorPathKeepsTheLock) {
  for (const bool completes : {true, false}) {
    EventList run;
    const ObjectId lock = run.lock(), irp = run.irp();
    run.enter(CALLBACK_Dispatch, irp).acquire(lock);
    if (completes) run.add(EVENT_IrpComplete, irp, 0xC000009A);
    run.at(0).leave(CALLBACK_Dispatch, irp, 0xC000009A);
    EXPECT_TRUE(sees(run, completes ? "SpinLockSafe" : "SpinLock"));
  }
}

TEST(BugPatterns, ReleasedInTheLoopAndAfterIt) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock).at(2).release(lock);
  EXPECT_TRUE(sees(run, "SpinlockRelease"));
}

TEST(BugPatterns, AcquiresOneAndReleasesAnother) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a).release(b);
  EXPECT_TRUE(sees(run, "SpinlockRelease"));
}

TEST(BugPatterns, AtDpcLevelLockReleasedWithTheIrqlOfAnother) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dpc).acquire(lock, kAtDpc).release(lock, 0);
  EXPECT_TRUE(sees(run, "IrqlKeReleaseSpinLock"));
}

TEST(BugPatterns, OldIrqlInSharedMemory) {  // overwritten by a caller at DISPATCH_LEVEL that waits
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_WorkItem).acquire(lock).thread(2).at(2).enter(CALLBACK_Dpc).attempt(lock);
  run.thread(1).release(lock, 2);
  EXPECT_TRUE(sees(run, "IrqlKeReleaseSpinLock"));
}

TEST(BugPatterns, LockUsedBeforeItIsInitialised) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(lock);
  EXPECT_TRUE(sees(run, "LockNotInitialized"));
}

TEST(BugPatterns, HeldLockFreed) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_WorkItem).acquire(lock).add(EVENT_LockFreed, lock);
  EXPECT_TRUE(sees(run, "LockFreedWhileHeld"));
}

TEST(BugPatterns, QueueHandleSharedByTwoProcessors) {
  EventList run;
  const ObjectId lock = run.lock(), handle = run.object(OBJECT_LockHandle);
  run.enter(CALLBACK_WorkItem).add(EVENT_QueueHandle, handle, 1).acquire(lock, MACH_LOCK_QUEUED);
  run.thread(2).enter(CALLBACK_WorkItem).add(EVENT_QueueHandle, handle, 1).attempt(lock, MACH_LOCK_QUEUED);
  EXPECT_TRUE(sees(run, "QueuedSpinLockRelease"));
}

TEST(BugPatterns, ListRoutineUnderTheLockOfTheList) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_WorkItem).acquire(lock).inside(DDI_ExInterlockedInsertTailList).attempt(lock, kAtDpc);
  EXPECT_TRUE(sees(run, "SpinLock"));
}

TEST(BugPatterns, ExtensionFreedWithAQueuedDpc) {
  EventList run;
  const ObjectId dpc = run.object(OBJECT_Dpc);
  run.enter(CALLBACK_Unload).add(EVENT_DpcQueue, dpc, 1).add(EVENT_DpcFreed, dpc);
  EXPECT_TRUE(sees(run, "DpcAfterFree"));
}

TEST(BugPatterns, DpcOfATimerQueuedByHand) {  // the second one is lost, and with it the request that it was for
  EventList run;
  const ObjectId dpc = run.object(OBJECT_Dpc), irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp);
  run.outside([&] { run.add(EVENT_DpcQueue, dpc, 1); });
  run.add(EVENT_DpcQueue, dpc, 0).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.outside([&] { run.add(EVENT_EndIrp, irp, 2, 1); });
  EXPECT_TRUE(sees(run, "IrpNeverCompleted"));
}

TEST(BugPatterns, UnloadLeavesThingsBehind) {
  struct Left {
    std::uint16_t event;
    std::uint32_t kind;
    std::uint64_t arg;
    std::uint32_t arg2;
    const char* rule;
  };
  const Left all[] = {{EVENT_EndDevice, OBJECT_Device, 0, 0, "DeviceAfterUnload"},
                      {EVENT_EndTimer, OBJECT_Timer, 0, 0, "TimerActiveOnFree"},
                      {EVENT_EndDpc, OBJECT_Dpc, 0, 0, "DpcAfterFree"},
                      {EVENT_EndPool, OBJECT_Pool, 16, 0, "PoolLeak"},
                      {EVENT_ObjectFreed, OBJECT_Resource, FREED_Image, FREED_Kept, "ResourceAfterFree"},
                      {EVENT_ObjectFreed, OBJECT_Lookaside, FREED_Image, FREED_Kept, "LookasideAfterFree"}};
  for (const Left& left : all) {
    EventList run;
    const ObjectId object = run.object(left.kind);
    run.enter(CALLBACK_Unload).leave(CALLBACK_Unload);
    run.outside([&] { run.add(left.event, object, left.arg, left.arg2); });
    EXPECT_TRUE(sees(run, left.rule));
  }
}

TEST(BugPatterns, TwoLocksInBothOrders) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_WorkItem).acquire(a).acquire(b).release(b, 2).release(a).acquire(b).acquire(a);
  EXPECT_TRUE(sees(run, "LockOrder"));
}

TEST(BugPatterns, LocksOfTwoObjectsByArgument) {  // initialised at one place: only the instances tell
  for (const bool by_address : {false, true}) {
    EventList run;
    const ObjectId one = run.lock(), two = run.lock();
    for (const bool swapped : {false, true}) {
      const ObjectId first = swapped && !by_address ? two : one, second = first == one ? two : one;
      run.enter(CALLBACK_WorkItem).acquire(first).acquire(second, kAtDpc).release(second, 2, kAtDpc).release(first);
      run.leave(CALLBACK_WorkItem);
    }
    EXPECT_EQ(run.fired(), by_address ? names{} : names{"LockOrder"});
  }
}

}  // namespace
}  // namespace wdm
