#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(MarkIrpPending2, FiresAtTheLastUseOfTheIrp) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpSetCancel, irp, 1);
  const std::uint32_t use = run.last();
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{"MarkIrpPending2"});
  EXPECT_EQ(run.finding().event, use);
}

TEST(MarkIrpPending2, FiresAtTheRoutineWhenItNeverTouchesTheIrp) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp);
  const std::uint32_t enter = run.last();
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.finding().event, enter);
}

TEST(MarkIrpPending2, FiresWhenCompletedByAnotherThreadAndNeverMarked) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).thread(2).enter(CALLBACK_Thread).add(EVENT_IrpComplete, irp).thread(1);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{"MarkIrpPending2"});
}

TEST(MarkIrpPending2, FiresWhenMarkedBeforeThisDispatch) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp).add(EVENT_IrpForward, irp);
  run.enter(CALLBACK_Dispatch, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{"MarkIrpPending2"}) << "the lower of the two";
}

TEST(MarkIrpPending2, SilentWhenMarkedCompletedAndPending) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp).add(EVENT_IrpComplete, irp);
  run.outside([&] { run.add(EVENT_IrpCompleted, irp); }).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

TEST(MarkIrpPending2, SilentWhenAnotherRoutineMarksInBetween) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).thread(2).enter(CALLBACK_Dpc).add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dpc);
  run.thread(1).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

TEST(MarkIrpPending2, SilentForCancelSafeQueue) {
  for (const char* name : {"IoCsqInsertIrp", "IoCsqInsertIrpEx"}) {
    if (find_ddi(name) == DDI_None) continue;
    EventList run;
    const ObjectId irp = run.irp();
    run.enter(CALLBACK_Dispatch, irp).inside(find_ddi(name)).add(EVENT_IrpQueue, irp).inside(DDI_None);
    run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
    EXPECT_EQ(run.fired(), names{}) << name;
  }
}

TEST(MarkIrpPending2, SilentWhenPassedDown) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpForward, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
