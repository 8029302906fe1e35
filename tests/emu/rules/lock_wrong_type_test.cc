#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(LockWrongType, FiresForMixedPairsOfSpinLocks) {
  const std::uint32_t kinds[] = {MACH_LOCK_SPIN, MACH_LOCK_QUEUED, MACH_LOCK_EX_SHARED, MACH_LOCK_EX_EXCLUSIVE,
                                 MACH_LOCK_INTERRUPT};
  for (std::uint32_t acquire : kinds) {
    for (std::uint32_t release : kinds) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(CALLBACK_Dispatch).acquire(lock, acquire).release(lock, 2, release).leave(CALLBACK_Dispatch);
      EXPECT_EQ(run.fired(), acquire == release ? names{} : names{"LockWrongType"}) << acquire << " " << release;
      if (acquire != release) { EXPECT_NE(run.finding().message.find("0x1009"), std::string::npos); }
    }
  }
}

TEST(LockWrongType, FiresForMixedUseOverTime) {
  for (std::uint32_t first : {MACH_LOCK_QUEUED, MACH_LOCK_SPIN}) {
    const std::uint32_t second = MACH_LOCK_QUEUED + MACH_LOCK_SPIN - first;
    for (const bool tries : {false, true}) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(CALLBACK_Dispatch).acquire(lock, first).release(lock, 2, first);
      if (tries) run.tried(lock, second | kAtDpc);
      if (!tries) run.acquire(lock, second);
      run.release(lock, 2, second | (tries ? kAtDpc : 0)).leave(CALLBACK_Dispatch);
      EXPECT_EQ(run.fired(), names{"LockWrongType"});
      EXPECT_NE(run.finding().message.find("0x1008"), std::string::npos);
    }
  }
}

TEST(LockWrongType, SilentForMixedUseAfterInitialisingAgain) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock).add(EVENT_LockInit, lock);
  run.acquire(lock, MACH_LOCK_QUEUED).release(lock, 0, MACH_LOCK_QUEUED).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockWrongType, LeavesALockAcquiredByItsHolderToTheOthers) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).attempt(lock, MACH_LOCK_QUEUED);
  EXPECT_EQ(run.fired(), names{"QueuedSpinLock"});
}

struct Pair {
  std::uint16_t acquire, release;
  bool shared, right;
};

const Pair kPairs[] = {
    {DDI_ExAcquireFastMutex, DDI_ExReleaseFastMutex, false, true},
    {DDI_ExTryToAcquireFastMutex, DDI_ExReleaseFastMutex, false, true},
    {DDI_ExAcquireFastMutexUnsafe, DDI_ExReleaseFastMutexUnsafe, false, true},
    {DDI_KeAcquireGuardedMutex, DDI_KeReleaseGuardedMutex, false, true},
    {DDI_KeAcquireGuardedMutexUnsafe, DDI_KeReleaseGuardedMutexUnsafe, false, true},
    {DDI_KeWaitForSingleObject, DDI_KeReleaseMutex, false, true},
    {DDI_ExAcquireFastMutex, DDI_ExReleaseFastMutexUnsafe, false, false},
    {DDI_ExTryToAcquireFastMutex, DDI_ExReleaseFastMutexUnsafe, false, false},
    {DDI_ExAcquireFastMutexUnsafe, DDI_ExReleaseFastMutex, false, false},
    {DDI_KeAcquireGuardedMutex, DDI_KeReleaseGuardedMutexUnsafe, false, false},
    {DDI_KeAcquireGuardedMutexUnsafe, DDI_KeReleaseGuardedMutex, false, false},
    {DDI_ExAcquirePushLockShared, DDI_ExReleasePushLockShared, true, true},
    {DDI_ExAcquirePushLockShared, DDI_ExReleasePushLockEx, true, true},
    {DDI_ExAcquirePushLockSharedEx, DDI_ExReleasePushLockExclusiveEx, true, false},
    {DDI_ExAcquirePushLockExclusive, DDI_ExReleasePushLockExclusive, false, true},
    {DDI_ExAcquirePushLockExclusive, DDI_ExReleasePushLockShared, false, false},
};

TEST(LockWrongType, JudgesPairsOfMutexesAndPushLocks) {
  for (const Pair& pair : kPairs) {
    EventList run;
    const ObjectId lock = run.object(OBJECT_Mutex);
    run.at(1).enter(CALLBACK_Dispatch).inside(pair.acquire).add(EVENT_Own, lock, 2, pair.shared);
    const std::uint32_t acquire = run.last();
    run.call(pair.release, lock);
    const std::uint32_t release = run.last();
    run.add(EVENT_Disown, lock, 2).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), pair.right ? names{} : names{"LockWrongType"}) << ddi_name(pair.acquire) << " " << ddi_name(pair.release);
    if (pair.right) continue;
    EXPECT_EQ(run.finding().event, release);
    EXPECT_EQ(run.finding().evidence.at(0).event, acquire);
  }
}

}  // namespace
}  // namespace wdm
