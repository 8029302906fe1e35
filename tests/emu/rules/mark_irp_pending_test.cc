#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

// What a dispatch routine may do with its IRP, in each combination.
struct Case {
  bool marks, completes, forwards, pends;
};

names judge(Case c) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp);
  if (c.marks) run.add(EVENT_IrpMarkPending, irp);
  if (c.forwards) {
    run.add(EVENT_IrpForward, irp).outside([&] { run.add(EVENT_IrpComplete, irp); });
    run.forwarded(irp, c.pends ? kPendingStatus : 0);
  }
  if (c.completes) run.add(EVENT_IrpComplete, irp);
  run.leave(CALLBACK_Dispatch, irp, c.pends ? kPendingStatus : 0);
  return run.fired();
}

TEST(MarkIrpPending, EveryCombination) {
  for (int bits = 0; bits < 16; ++bits) {
    const Case c = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
    names expected;
    if (c.marks && !c.pends) expected = {"MarkIrpPending"};
    if (!c.marks && c.pends && !c.forwards) expected = {c.completes ? "PendedCompletedRequest" : "MarkIrpPending2"};
    if (!c.marks && !c.pends && !c.forwards && !c.completes) expected = {"IrpProcessingComplete"};
    EXPECT_EQ(judge(c), expected) << bits;
  }
}

TEST(MarkIrpPending, FiresAtTheMark) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp);
  const std::uint32_t mark = run.last();
  run.leave(CALLBACK_Dispatch, irp, 0xC000009A);
  EXPECT_EQ(run.finding().event, mark);
  EXPECT_EQ(run.finding().message, "IRP 1 was marked pending, but its dispatch routine returns 0xC000009A");
}

TEST(MarkIrpPending, SilentForAnotherIrp) {
  EventList run;
  const ObjectId irp = run.irp(), other = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, other).add(EVENT_IrpComplete, irp);
  run.leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

TEST(MarkIrpPending, FiresForQueuedIrp) {
  const std::uint16_t insert = find_ddi("IoCsqInsertIrp");
  if (insert == DDI_None) GTEST_SKIP() << "ddis.def has no IoCsqInsertIrp";
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).inside(insert).add(EVENT_IrpQueue, irp).inside(DDI_None);
  run.leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{"MarkIrpPending"});
}

TEST(MarkIrpPending, SilentForOtherRoutines) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Completion, irp).add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Completion, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
