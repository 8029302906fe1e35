#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct Family {
  const char* rule;
  std::vector<std::uint16_t> enter, leave;
};

const Family kFamilies[] = {
    {"CriticalRegions",
     {DDI_KeEnterCriticalRegion, DDI_ExEnterCriticalRegionAndAcquireResourceExclusive,
      DDI_ExEnterCriticalRegionAndAcquireResourceShared, DDI_ExEnterCriticalRegionAndAcquireSharedWaitForExclusive},
     {DDI_KeLeaveCriticalRegion, DDI_ExReleaseResourceAndLeaveCriticalRegion}},
    {"GuardedRegions", {DDI_KeEnterGuardedRegion}, {DDI_KeLeaveGuardedRegion}},
};
const std::uint32_t kReturning[] = {CALLBACK_DriverEntry, CALLBACK_AddDevice, CALLBACK_Unload, CALLBACK_Dispatch,
                                    CALLBACK_Completion,  CALLBACK_WorkItem,  CALLBACK_Thread};

// Calls it for a resource that the thread owns, as ExReleaseResourceAndLeaveCriticalRegion needs.
void call_owning(EventList& run, std::uint16_t ddi) {
  const ObjectId resource = run.object(OBJECT_Resource);
  run.add(EVENT_Own, resource, 2, 1).call(ddi, resource).add(EVENT_Disown, resource, 2);
}

TEST(Regions, FireForALeaveTooMany) {
  for (const Family& family : kFamilies) {
    for (std::uint16_t leave : family.leave) {
      for (int entered = 0; entered < 3; ++entered) {
        EventList run;
        run.enter(CALLBACK_WorkItem);
        for (int i = 0; i < entered; ++i) run.call(family.enter.front());
        for (int i = 0; i < entered; ++i) call_owning(run, leave);
        EXPECT_EQ(run.fired(), names{}) << family.rule;
        const ObjectId resource = run.object(OBJECT_Resource);
        run.add(EVENT_Own, resource, 2, 1).call(leave, resource);
        EXPECT_EQ(run.fired(), names{family.rule});
        EXPECT_EQ(run.finding().event, run.last());
      }
    }
  }
}

TEST(Regions, FireForARegionOfAnotherThreadOrFamily) {
  for (const Family& family : kFamilies) {
    const Family& other = kFamilies[&family == kFamilies];
    EventList threads;
    threads.enter(CALLBACK_WorkItem).call(family.enter.front()).thread(2).enter(CALLBACK_WorkItem).call(family.leave.front());
    EXPECT_EQ(threads.fired(), names{family.rule});
    EventList families;
    families.enter(CALLBACK_WorkItem).call(other.enter.front()).call(family.leave.front());
    EXPECT_EQ(families.fired(), names{family.rule});
  }
}

TEST(Regions, FireWhenOpenAtReturn) {
  for (const Family& family : kFamilies) {
    for (std::uint16_t enter : family.enter) {
      for (std::uint32_t callback : kReturning) {
        EventList run;
        run.enter(callback).call(enter);
        const std::uint32_t place = run.last();
        run.leave(callback);
        EXPECT_EQ(run.fired(), names{family.rule}) << callback;
        EXPECT_EQ(run.finding().event, place);
        EXPECT_EQ(run.finding().evidence.at(0).event, run.last());
      }
    }
  }
}

TEST(Regions, SilentWhenNestedAndLeftBeforeReturn) {
  for (const Family& family : kFamilies) {
    for (std::uint16_t enter : family.enter) {
      for (std::uint32_t callback : kReturning) {
        EventList run;
        run.enter(callback).call(enter).call(enter).call(family.leave.front()).call(family.leave.front()).leave(callback);
        EXPECT_EQ(run.fired(), names{}) << callback;
      }
    }
  }
}

TEST(Regions, SilentForTheRegionOfTheCaller) {
  for (const Family& family : kFamilies) {
    for (std::uint32_t inner : kReturning) {
      EventList run;
      run.enter(CALLBACK_WorkItem).call(family.enter.front()).enter(inner).leave(inner).call(family.leave.front());
      run.leave(CALLBACK_WorkItem);
      EXPECT_EQ(run.fired(), names{}) << inner;
    }
  }
}

TEST(Regions, SilentWhenQueueCallbacksEnterAndLeave) {
  for (const Family& family : kFamilies) {
    EventList run;
    run.enter(CALLBACK_WorkItem).enter(CALLBACK_Csq).call(family.enter.front()).leave(CALLBACK_Csq);
    run.enter(CALLBACK_Csq).call(family.leave.front()).leave(CALLBACK_Csq).leave(CALLBACK_WorkItem);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(Regions, FireWhenAThreadEndsInOne) {
  for (const Family& family : kFamilies) {
    EventList run;
    run.enter(CALLBACK_Thread).call(family.enter.front()).add(EVENT_ThreadExit);
    EXPECT_EQ(run.fired(), names{family.rule});
  }
}

}  // namespace
}  // namespace wdm
