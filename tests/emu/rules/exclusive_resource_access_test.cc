#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint16_t kReleases[] = {DDI_ExReleaseResourceLite, DDI_ExReleaseResourceAndLeaveCriticalRegion};
const std::uint32_t kJudged[] = {CALLBACK_DriverEntry, CALLBACK_AddDevice, CALLBACK_Unload, CALLBACK_StartIo,
                                 CALLBACK_Cancel,      CALLBACK_Dpc,       CALLBACK_Dispatch};

TEST(ExclusiveResourceAccess, FiresForAReleaseWithoutOwnership) {
  for (std::uint16_t release : kReleases) {
    for (const bool other_owns : {false, true}) {
      EventList run;
      const ObjectId resource = run.object(OBJECT_Resource);
      if (other_owns) run.thread(2).enter(CALLBACK_WorkItem).add(EVENT_Own, resource, 3).thread(1);
      run.enter(CALLBACK_WorkItem).call(DDI_KeEnterCriticalRegion).call(release, resource);
      EXPECT_EQ(run.fired(), names{"ExclusiveResourceAccess"}) << ddi_name(release);
      EXPECT_EQ(run.finding().event, run.last());
      EXPECT_EQ(run.finding().evidence.size(), other_owns ? 1u : 0u);
    }
  }
}

TEST(ExclusiveResourceAccess, SilentForAnOwner) {
  for (std::uint16_t release : kReleases) {
    for (std::uint32_t shared : {0u, 1u}) {
      for (int times : {1, 2}) {  // owned once, however often it was acquired
        EventList run;
        const ObjectId resource = run.object(OBJECT_Resource);
        run.enter(CALLBACK_WorkItem).add(EVENT_Own, resource, 2, shared);
        for (int i = 0; i < times; ++i) run.call(DDI_KeEnterCriticalRegion).call(release, resource);
        run.add(EVENT_Disown, resource, 2);
        EXPECT_EQ(run.fired(), names{}) << ddi_name(release);
      }
    }
  }
}

TEST(ExclusiveResourceAccess, FiresWhenOwnedAtReturn) {
  for (std::uint32_t callback : kJudged) {
    EventList run;
    const ObjectId resource = run.object(OBJECT_Resource);
    run.enter(callback).add(EVENT_Own, resource, 2);
    const std::uint32_t acquire = run.last();
    run.leave(callback);
    EXPECT_EQ(run.fired(), names{"ExclusiveResourceAccess"}) << callback;
    EXPECT_EQ(run.finding().event, acquire);
  }
}

TEST(ExclusiveResourceAccess, SilentWhenSharedReleasedOrGivenAway) {
  for (std::uint32_t callback : kJudged) {
    for (const bool shared : {false, true}) {
      EventList run;
      const ObjectId resource = run.object(OBJECT_Resource);
      run.enter(callback).add(EVENT_Own, resource, 2, shared);
      if (!shared) run.add(EVENT_Disown, resource, 2);
      run.leave(callback);
      EXPECT_EQ(run.fired(), names{}) << callback;
    }
  }
}

TEST(ExclusiveResourceAccess, SilentForRoutinesThatMayLeaveItToOthers) {
  for (std::uint32_t callback : {CALLBACK_Completion, CALLBACK_Other, CALLBACK_Csq, CALLBACK_WorkItem}) {
    EventList run;
    const ObjectId resource = run.object(OBJECT_Resource);
    run.enter(callback).add(EVENT_Own, resource, 2).leave(callback);
    EXPECT_EQ(run.fired(), names{}) << callback;
  }
}

TEST(ExclusiveResourceAccess, SilentForADispatchRoutineThatPends) {
  EventList run;
  const ObjectId resource = run.object(OBJECT_Resource), irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp).add(EVENT_Own, resource, 2);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

TEST(ExclusiveResourceAccess, SilentForTheResourceOfTheCaller) {
  for (std::uint32_t inner : kJudged) {
    EventList run;
    const ObjectId resource = run.object(OBJECT_Resource);
    run.enter(CALLBACK_WorkItem).add(EVENT_Own, resource, 2).enter(inner).leave(inner).add(EVENT_Disown, resource, 2);
    EXPECT_EQ(run.fired(), names{}) << inner;
  }
}

}  // namespace
}  // namespace wdm
