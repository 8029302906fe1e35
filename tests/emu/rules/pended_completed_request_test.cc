#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

TEST(PendedCompletedRequest, CompletedAndReturnedAsPending) {
  for (const bool marked : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    if (marked) run.add(EVENT_IrpMarkPending, irp);
    run.add(EVENT_IrpComplete, irp);
    const std::uint32_t completed = run.last();
    run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
    EXPECT_EQ(run.fired(), marked ? names{} : names{"PendedCompletedRequest"});
    if (!marked) EXPECT_EQ(run.finding().event, completed);
  }
}

// Somebody else was faster; that it was never marked is another rule's.
TEST(PendedCompletedRequest, SilentWhenAnotherThreadCompletesIt) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3);
  run.thread(2).enter(CALLBACK_Thread).add(EVENT_IrpComplete, irp).thread(1);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{"MarkIrpPending2"});
}

struct Below {
  bool ex, same_routine;
  const char* rule;
};

TEST(PendedCompletedRequest, CompletedWhilePendingBelow) {
  for (const Below c : {Below{false, true, "PendedCompletedRequest2"}, Below{false, false, "PendedCompletedRequest3"},
                        Below{true, true, "PendedCompletedRequestEx"}, Below{true, false, "PendedCompletedRequestEx"}}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    set_routine(run, irp, kCompletionSet | (c.ex ? kCompletionEx : 0));
    run.forward(irp, 3, 0, EventList::kWithCompletion);
    const std::uint32_t sent = run.last();
    run.forwarded(irp, kPendingStatus);
    if (!c.same_routine) run.thread(2).enter(CALLBACK_WorkItem);
    run.add(EVENT_IrpComplete, irp);
    const std::uint32_t completed = run.last();
    EXPECT_EQ(run.fired(), names{c.rule});
    EXPECT_EQ(run.finding().event, completed);
    EXPECT_EQ(run.finding().evidence.at(0).event, sent);
  }
}

TEST(PendedCompletedRequest, SilentOnceItIsBack) {
  for (const std::uint64_t how : std::initializer_list<std::uint64_t>{kCompletionSet, kCompletionSet | kCompletionEx})
    for (const bool waits : {false, true}) {
      EventList run;
      const ObjectId irp = run.irp();
      run.dispatch(irp, 3);
      set_routine(run, irp, how).forward(irp, 3, 0, EventList::kWithCompletion);
      if (waits) {
        run.forwarded(irp, kPendingStatus).thread(2);
        taken_back(below_completes(run, irp), irp).thread(1);
      } else {
        taken_back(below_completes(run, irp), irp).forwarded(irp, 0);
      }
      run.add(EVENT_IrpComplete, irp).leave(CALLBACK_Dispatch, irp, 0);
      EXPECT_EQ(run.fired(), names{});
    }
}

TEST(PendedCompletedRequest, SilentWhenAnotherOfTheDriversDevicesCompletesIt) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).forward(irp).dispatch(irp, 3).add(EVENT_IrpComplete, irp);
  run.leave(CALLBACK_Dispatch, irp, 0).forwarded(irp, 0).leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

TEST(PendedCompletedRequest, SilentAfterIoForwardIrpSynchronously) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).inside(DDI_IoForwardIrpSynchronously).forward(irp).forwarded(irp, kPendingStatus);
  below_completes(run, irp).outside([&] { run.add(EVENT_IrpCaught, irp); }).inside(DDI_None);
  run.add(EVENT_IrpComplete, irp).leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
