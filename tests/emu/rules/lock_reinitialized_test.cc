#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(LockReinitialized, FiresForAHeldSpinLock) {
  for (std::uint32_t kind : {MACH_LOCK_SPIN, MACH_LOCK_QUEUED}) {
    for (const std::uint8_t thread : {1, 2}) {
      EventList run;
      const ObjectId lock = run.lock();
      run.enter(CALLBACK_Dispatch).acquire(lock, kind);
      const std::uint32_t acquire = run.last();
      if (thread != 1) run.thread(thread).enter(CALLBACK_Dispatch);
      run.add(EVENT_LockInit, lock);
      EXPECT_EQ(run.fired(), names{"LockReinitialized"});
      EXPECT_EQ(run.finding().event, run.last());
      EXPECT_EQ(run.finding().evidence.at(0).event, acquire);
    }
  }
}

TEST(LockReinitialized, SilentForAFreeSpinLock) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock).add(EVENT_LockInit, lock).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockReinitialized, JudgesOwnedLocks) {
  const std::uint16_t inits[] = {DDI_KeInitializeMutex, DDI_ExInitializeFastMutex, DDI_KeInitializeGuardedMutex,
                                 DDI_ExInitializePushLock, DDI_ExInitializeResourceLite};
  for (std::uint16_t init : inits) {
    for (const bool owned : {false, true}) {
      EventList run;
      const ObjectId lock = run.object(OBJECT_Mutex);
      run.enter(CALLBACK_Thread).call(init).add(EVENT_Own, lock, 2);
      if (!owned) run.add(EVENT_Disown, lock, 2);
      run.call(init, lock);
      EXPECT_EQ(run.fired(), owned ? names{"LockReinitialized"} : names{}) << ddi_name(init);
    }
  }
}

TEST(LockReinitialized, JudgesEventsWithWaiters) {
  enum class End { none, signaled, gone_on };
  for (std::uint16_t init : {DDI_KeInitializeEvent, DDI_KeInitializeSemaphore}) {
    for (const End end : {End::none, End::signaled, End::gone_on}) {
      EventList run;
      const ObjectId event = run.object(OBJECT_Event);
      run.enter(CALLBACK_Thread).inside(DDI_KeWaitForSingleObject).add(EVENT_WaitBegin, event).inside(DDI_None);
      run.thread(2).enter(CALLBACK_Dispatch);
      if (end == End::signaled) run.add(EVENT_Signal, event);
      if (end == End::gone_on) run.thread(1).add(EVENT_WaitEnd, event).thread(2);
      run.call(init, event);
      EXPECT_EQ(run.fired(), end == End::none ? names{"LockReinitialized"} : names{});
    }
  }
}

TEST(LockReinitialized, SilentForOneOfSeveralObjectsOfAWait) {  // another one may have ended it
  EventList run;
  const ObjectId event = run.object(OBJECT_Event);
  run.enter(CALLBACK_Thread).inside(DDI_KeWaitForMultipleObjects).add(EVENT_WaitBegin, event).inside(DDI_None);
  run.thread(2).enter(CALLBACK_Dispatch).call(DDI_KeInitializeEvent, event);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockReinitialized, JudgesRemoveLocks) {
  enum class End { none, released, waited, refused };
  for (const End end : {End::none, End::released, End::waited, End::refused}) {
    EventList run;
    const ObjectId lock = run.object(OBJECT_RemoveLock);
    run.enter(CALLBACK_WorkItem).add(EVENT_RemoveAcquire, lock, end == End::refused ? 0xC0000056 : 0);
    if (end == End::released) run.add(EVENT_RemoveRelease, lock);
    if (end == End::waited) run.add(EVENT_RemoveRelease, lock, 1);
    run.call(DDI_IoInitializeRemoveLockEx, lock);
    EXPECT_EQ(run.fired(), end == End::none ? names{"LockReinitialized"} : names{});
  }
}

}  // namespace
}  // namespace wdm
