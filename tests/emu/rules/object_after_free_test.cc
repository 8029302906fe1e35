#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct Case {
  std::uint32_t kind;
  std::uint64_t how;
  std::uint32_t use;
  const char* rule;  // or null
};

const Case kCases[] = {
    {OBJECT_Event, FREED_Memory, FREED_Waited, "EventAfterFree"},
    {OBJECT_Semaphore, FREED_Memory, FREED_Waited, "EventAfterFree"},
    {OBJECT_Mutex, FREED_Memory, FREED_Waited, "EventAfterFree"},
    {OBJECT_Timer, FREED_Memory, FREED_Waited, "EventAfterFree"},
    {OBJECT_Event, FREED_Frame, FREED_Used, "EventAfterFree"},
    {OBJECT_Semaphore, FREED_Frame, FREED_Used, "EventAfterFree"},
    {OBJECT_WorkItem, FREED_Memory, FREED_Queued, "WorkItemAfterFree"},
    {OBJECT_Resource, FREED_Memory, FREED_Kept, "ResourceAfterFree"},
    {OBJECT_Resource, FREED_Image, FREED_Kept, "ResourceAfterFree"},
    {OBJECT_Lookaside, FREED_Memory, FREED_Kept, "LookasideAfterFree"},
    {OBJECT_Lookaside, FREED_Image, FREED_Kept, "LookasideAfterFree"},
    {OBJECT_Csq, FREED_Memory, FREED_Holding, "CsqAfterFree"},
    {OBJECT_Timer, FREED_Frame, FREED_Queued, "TimerActiveOnFree"},
    {OBJECT_Dpc, FREED_Frame, FREED_Queued, "DpcAfterFree"},
    {OBJECT_Mutex, FREED_Memory, FREED_Unknown, nullptr},
    {OBJECT_RemoveLock, FREED_Memory, FREED_Unknown, nullptr},
};

TEST(ObjectAfterFree, OneRuleForEachUse) {
  for (const Case& one : kCases) {
    EventList run;
    const ObjectId object = run.object(one.kind);
    run.enter(CALLBACK_WorkItem).add(EVENT_ObjectFreed, object, one.how, one.use);
    EXPECT_EQ(run.fired(), one.rule == nullptr ? names{} : names{one.rule}) << one.kind << " " << one.how;
    if (one.rule != nullptr) { EXPECT_EQ(run.finding().event, run.last()); }
  }
}

TEST(ObjectAfterFree, ShowsTheLastUseWhenOnlyTheKernelSawIt) {  // as of an event that a completed IRP signals
  EventList run;
  const ObjectId event = run.object(OBJECT_Event), irp = run.object(OBJECT_Irp);
  run.enter(CALLBACK_WorkItem).add(EVENT_IrpCreate, irp, 14, event);
  const std::uint32_t made = run.last();
  run.outside([&] { run.add(EVENT_ObjectFreed, event, FREED_Frame, FREED_Used); });
  EXPECT_EQ(run.fired(), names{"EventAfterFree"});
  EXPECT_EQ(run.finding().event, made);
  EXPECT_EQ(run.finding().evidence.at(0).event, run.last());
}

TEST(RemoveLockAfterFree, FiresWhileAcquired) {
  enum class End { none, released, one_of_two, waited, refused };
  for (const End end : {End::none, End::released, End::one_of_two, End::waited, End::refused}) {
    EventList run;
    const ObjectId lock = run.object(OBJECT_RemoveLock), other = run.object(OBJECT_RemoveLock);
    run.enter(CALLBACK_WorkItem).add(EVENT_RemoveAcquire, lock, end == End::refused ? 0xC0000056 : 0);
    if (end == End::one_of_two) run.add(EVENT_RemoveAcquire, lock);
    run.add(EVENT_RemoveAcquire, other).add(EVENT_RemoveRelease, other);
    if (end == End::released || end == End::one_of_two) run.add(EVENT_RemoveRelease, lock);
    if (end == End::waited) run.add(EVENT_RemoveRelease, lock, 1);
    run.add(EVENT_ObjectFreed, lock);
    const bool fires = end == End::none || end == End::one_of_two;
    EXPECT_EQ(run.fired(), fires ? names{"RemoveLockAfterFree"} : names{});
  }
}

}  // namespace
}  // namespace wdm
