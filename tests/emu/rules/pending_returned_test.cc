#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

// A filter whose completion routine does not pass on that the IRP was pending, while the dispatch routine runs or after it.
names judge(bool lost, bool early, std::uint64_t returned) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).forwarded(irp, kPendingStatus);
  const auto complete = [&] {
    run.thread(2);
    below_completes(run, irp).enter(CALLBACK_Completion, irp).leave(CALLBACK_Completion, irp, 0);
    if (lost) run.outside([&] { run.add(EVENT_IrpPendingLost, irp); });
    gone(run, irp).thread(1);
  };
  if (early) complete();
  run.leave(CALLBACK_Dispatch, irp, returned);
  if (!early) complete();
  return run.fired({"LowerDriverReturn"});
}

TEST(PendingReturned, LostAndReturnedAsPending) {
  for (const bool lost : {false, true})
    for (const bool early : {false, true})
      for (const std::uint64_t returned : {std::uint64_t{0}, kPendingStatus})
        EXPECT_EQ(judge(lost, early, returned), lost && returned == kPendingStatus ? names{"PendingReturned"} : names{});
}

// The lower of two devices returns STATUS_PENDING, as it has to; the upper one waits.
TEST(PendingReturned, OnlyTheOutermostDispatchRoutineCounts) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).dispatch(irp, 3).add(EVENT_IrpMarkPending, irp);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus).forwarded(irp, kPendingStatus);
  run.thread(2).enter(CALLBACK_Thread).add(EVENT_IrpComplete, irp).enter(CALLBACK_Completion, irp);
  run.leave(CALLBACK_Completion, irp, 0).outside([&] { run.add(EVENT_IrpPendingLost, irp); });
  gone(run, irp).thread(1).leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
