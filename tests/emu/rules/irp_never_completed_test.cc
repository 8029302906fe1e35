#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

// A dispatch routine that pends its IRP, a cancel, and the end of the run.
Finding left_over(bool sets_routine, bool cancelled, bool routine_at_end) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp);
  if (sets_routine) run.add(EVENT_IrpSetCancel, irp, 1);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus).outside([&] {
    if (cancelled) run.add(EVENT_IrpCancel, irp);
    run.add(EVENT_EndIrp, irp, (routine_at_end ? 1u : 0u) | 2u, cancelled);
  });
  EXPECT_EQ(run.fired(), names{"IrpNeverCompleted"});
  return run.finding();
}

TEST(IrpNeverCompleted, SaysWhy) {
  EXPECT_EQ(left_over(false, true, false).message,
            "IRP 1 was cancelled but has no cancel routine, and is never completed");
  EXPECT_EQ(left_over(true, true, false).message,
            "IRP 1 was cancelled and its cancel routine cleared or run, but nobody completes it");
  EXPECT_EQ(left_over(true, true, true).message,
            "IRP 1 was cancelled and still has its cancel routine, which nobody will call any more");
  EXPECT_EQ(left_over(true, false, true).message, "IRP 1 is still pending at the end and was never cancelled");
}

TEST(IrpNeverCompleted, PointsToTheMark) {
  const Finding finding = left_over(true, true, false);
  EXPECT_EQ(finding.evidence.at(0).text, "marked pending");
  EXPECT_EQ(finding.event, finding.evidence.at(0).event);
  EXPECT_EQ(finding.evidence.back().text, "still pending");
}

TEST(IrpNeverCompleted, FiresForEachIrp) {
  EventList run;
  for (const ObjectId irp : {run.irp(), run.irp()}) run.add(EVENT_EndIrp, irp, 2, 1);
  EXPECT_EQ(run.fired(), (names{"IrpNeverCompleted", "IrpNeverCompleted"}));
}

// After cancelling, before closing: cleanup may still finish what was never cancellable.
TEST(IrpNeverCompleted, SilentBeforeTheFilesAreClosedWithoutACancelRoutine) {
  EventList run;
  run.add(EVENT_EndIrp, run.irp(), 0, 1);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrpNeverCompleted, FiresBeforeTheFilesAreClosedWithACancelRoutine) {
  EventList run;
  const ObjectId irp = run.irp();
  run.add(EVENT_IrpSetCancel, irp, 1).add(EVENT_EndIrp, irp, 1, 1);
  EXPECT_EQ(run.fired(), names{"IrpNeverCompleted"});
}

TEST(IrpNeverCompleted, SilentWithoutLeftover) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.add(EVENT_IrpCancel, irp).enter(CALLBACK_Cancel, irp).add(EVENT_IrpComplete, irp).leave(CALLBACK_Cancel, irp);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrpNeverCompleted, SilentWhilePending) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrpNeverCompleted, SilentWhenCancelIsIgnoredButTheIrpIsCompletedLater) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.add(EVENT_IrpCancel, irp).enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
