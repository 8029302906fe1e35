#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(LockFreedWhileHeld, FiresForOwnLock) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock);
  const std::uint32_t acquire = run.last();
  run.add(EVENT_LockFreed, lock);
  EXPECT_EQ(run.fired(), names{"LockFreedWhileHeld"});
  EXPECT_EQ(run.finding().evidence.at(0).event, acquire);
}

TEST(LockFreedWhileHeld, FiresForLockOfAnotherThread) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).thread(2).enter(CALLBACK_Dispatch).add(EVENT_LockFreed, lock);
  EXPECT_EQ(run.finding().message, "Lock A freed while it is held by T1");
}

TEST(LockFreedWhileHeld, SilentWhenReleased) {
  EventList run;
  const ObjectId lock = run.lock(), block = run.object(OBJECT_Pool);
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock).add(EVENT_PoolFree, block).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockFreedWhileHeld, SilentForAnotherBlock) {
  EventList run;
  const ObjectId lock = run.lock(), block = run.object(OBJECT_Pool);
  run.enter(CALLBACK_Dispatch).acquire(lock).add(EVENT_PoolFree, block).release(lock).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockFreedWhileHeld, JudgesMutexesByTheirOwner) {
  for (const bool owned : {false, true}) {
    EventList run;
    const ObjectId mutex = run.object(OBJECT_Mutex);
    run.enter(CALLBACK_Dispatch).add(EVENT_Own, mutex, 2);
    if (!owned) run.add(EVENT_Disown, mutex, 2);
    run.add(EVENT_ObjectFreed, mutex);
    EXPECT_EQ(run.fired(), owned ? names{"LockFreedWhileHeld"} : names{});
  }
}

}  // namespace
}  // namespace wdm
