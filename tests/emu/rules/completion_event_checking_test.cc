#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

struct Case {
  bool marks, signals, takes_back, pends;
};

names judge(Case c, bool inline_completion) {
  EventList run;
  const ObjectId irp = run.irp(), event = run.object(OBJECT_Event);
  run.dispatch(irp, 3);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion);
  if (!inline_completion) run.forwarded(irp, kPendingStatus).thread(2);
  below_completes(run, irp).enter(CALLBACK_Completion, irp);
  if (c.marks) run.add(EVENT_IrpMarkPending, irp);
  if (c.signals) run.add(EVENT_Signal, event);
  run.leave(CALLBACK_Completion, irp, c.takes_back ? kMoreProcessing : 0).thread(1);
  if (inline_completion) run.forwarded(irp, kPendingStatus);
  if (c.takes_back) run.add(EVENT_IrpComplete, irp);
  run.leave(CALLBACK_Dispatch, irp, c.pends ? kPendingStatus : 0);
  return run.fired({"LowerDriverReturn"});
}

TEST(CompletionEventChecking, EveryCombination) {
  for (int bits = 0; bits < 32; ++bits) {
    const Case c = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
    const bool bad = c.marks && c.signals && c.takes_back && !c.pends;
    EXPECT_EQ(judge(c, (bits & 16) != 0), bad ? names{"CompletionEventChecking"} : names{}) << bits;
  }
}

// The mark belongs to the lower device, whose dispatch routine returned STATUS_PENDING.
TEST(CompletionEventChecking, SilentForTheUpperOfTwoDevices) {
  EventList run;
  const ObjectId irp = run.irp(), event = run.object(OBJECT_Event);
  run.dispatch(irp, 3);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).dispatch(irp, 3);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).forwarded(irp, kPendingStatus);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus).forwarded(irp, kPendingStatus);
  run.thread(2);
  below_completes(run, irp).enter(CALLBACK_Completion, irp).add(EVENT_IrpMarkPending, irp);
  run.leave(CALLBACK_Completion, irp, 0).enter(CALLBACK_Completion, irp).add(EVENT_Signal, event);
  run.leave(CALLBACK_Completion, irp, kMoreProcessing).thread(1).add(EVENT_IrpComplete, irp);
  run.leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
