#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint16_t kReleases[] = {DDI_KeReleaseMutex,
                                   DDI_ExReleaseFastMutex,
                                   DDI_ExReleaseFastMutexUnsafe,
                                   DDI_KeReleaseGuardedMutex,
                                   DDI_KeReleaseGuardedMutexUnsafe,
                                   DDI_ExReleasePushLockExclusive,
                                   DDI_ExReleasePushLockShared,
                                   DDI_ExReleasePushLockExclusiveEx,
                                   DDI_ExReleasePushLockSharedEx,
                                   DDI_ExReleasePushLockEx};

bool is_shared(std::uint16_t release) {
  return release == DDI_ExReleasePushLockShared || release == DDI_ExReleasePushLockSharedEx;
}

TEST(LockWrongThread, FiresWhenAnotherThreadOwnsIt) {
  for (std::uint16_t release : kReleases) {
    EventList run;
    const ObjectId lock = run.object(OBJECT_Mutex);
    run.at(1).enter(CALLBACK_Thread).add(EVENT_Own, lock, 2, is_shared(release));
    const std::uint32_t acquire = run.last();
    run.thread(2).at(1).enter(CALLBACK_Thread).call(release, lock);
    EXPECT_EQ(run.fired(), names{"LockWrongThread"}) << ddi_name(release);
    EXPECT_EQ(run.finding().event, run.last());
    EXPECT_EQ(run.finding().evidence.at(0).event, acquire);
  }
}

TEST(LockWrongThread, FiresWhenNobodyOwnsIt) {
  for (std::uint16_t release : kReleases) {
    for (const bool owned_before : {false, true}) {
      EventList run;
      const ObjectId lock = run.object(OBJECT_Mutex);
      run.at(1).enter(CALLBACK_Thread);
      if (owned_before)
        run.add(EVENT_Own, lock, 2, is_shared(release)).call(release, lock).add(EVENT_Disown, lock, 2);
      run.call(release, lock);
      EXPECT_EQ(run.fired(), names{"LockWrongThread"}) << ddi_name(release);
      EXPECT_NE(run.finding().message.find("0x1007"), std::string::npos);
    }
  }
}

TEST(LockWrongThread, SilentForTheOwner) {
  for (std::uint16_t release : kReleases) {
    EventList run;
    const ObjectId lock = run.object(OBJECT_Mutex);
    for (const std::uint8_t thread : {1, 2}) {
      run.thread(thread).at(1).enter(CALLBACK_Thread).add(EVENT_Own, lock, thread + 1u, is_shared(release));
      run.call(release, lock).add(EVENT_Disown, lock, thread + 1u).leave(CALLBACK_Thread);
    }
    EXPECT_EQ(run.fired(), names{}) << ddi_name(release);
  }
}

TEST(LockWrongThread, SilentForOneOfSeveralSharedOwners) {
  EventList run;
  const ObjectId lock = run.object(OBJECT_PushLock);
  for (const std::uint8_t thread : {1, 2}) run.thread(thread).at(1).enter(CALLBACK_Thread).add(EVENT_Own, lock, thread + 1u, 1);
  for (const std::uint8_t thread : {1, 2})
    run.thread(thread).call(DDI_ExReleasePushLockShared, lock).add(EVENT_Disown, lock, thread + 1u).leave(CALLBACK_Thread);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockWrongThread, SilentForAMutexTakenTwice) {  // owned once, released twice
  EventList run;
  const ObjectId lock = run.object(OBJECT_Mutex);
  run.enter(CALLBACK_Thread).add(EVENT_Own, lock, 2).call(DDI_KeReleaseMutex, lock).call(DDI_KeReleaseMutex, lock);
  run.add(EVENT_Disown, lock, 2).leave(CALLBACK_Thread);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
