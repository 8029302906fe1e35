#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

TEST(LowerDriverReturn, StatusesThatContradict) {
  for (const std::uint64_t got : {std::uint64_t{0}, kFailed, kPendingStatus})
    for (const std::uint64_t returned : {std::uint64_t{0}, kFailed, kPendingStatus}) {
      EventList run;
      const ObjectId irp = run.irp();
      run.dispatch(irp, 3).forward(irp);
      if (got != kPendingStatus) gone(below_completes(run, irp), irp);
      run.forwarded(irp, got);
      const std::uint32_t call = run.last();
      run.leave(CALLBACK_Dispatch, irp, returned);
      const bool contradict = (got == kPendingStatus) != (returned == kPendingStatus);
      EXPECT_EQ(run.fired(), contradict ? names{"LowerDriverReturn"} : names{}) << got << " " << returned;
      if (contradict) EXPECT_EQ(run.finding().event, call);
    }
}

TEST(LowerDriverReturn, SilentWhenItCameBack) {
  for (const bool routine_returns : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).forwarded(irp, kPendingStatus).thread(2);
    below_completes(run, irp).enter(CALLBACK_Completion, irp);
    if (routine_returns) run.leave(CALLBACK_Completion, irp, kMoreProcessing);
    run.thread(1).add(EVENT_IrpComplete, irp).leave(CALLBACK_Dispatch, irp, 0);
    EXPECT_EQ(run.fired(), names{}) << routine_returns;
  }
}

TEST(LowerDriverReturn, SilentWhenItWasMarked) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).add(EVENT_IrpMarkPending, irp).forward(irp);
  gone(below_completes(run, irp), irp).forwarded(irp, 0).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LowerDriverReturn, KernelMarksAreNotTheDrivers) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).forward(irp).dispatch(irp, 3).add(EVENT_IrpMarkPending, irp);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus).forwarded(irp, kPendingStatus);
  run.leave(CALLBACK_Dispatch, irp, 0);
  // The mark may be the upper routine's for all that is known: MarkIrpPending and this rule leave it alone.
  EXPECT_EQ(run.fired(), names{});
  EventList kernel;
  const ObjectId other = kernel.irp();
  kernel.dispatch(other, 3).forward(other).outside([&] { kernel.add(EVENT_IrpMarkPending, other); });
  kernel.forwarded(other, kPendingStatus).leave(CALLBACK_Dispatch, other, 0);
  EXPECT_EQ(kernel.fired(), names{"LowerDriverReturn"});
}

TEST(LowerDriverReturn, SilentForAnIrpOfTheDriversOwn) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3);
  const ObjectId own = made(run, DDI_IoAllocateIrp);
  set_routine(run, own).forward(own, 3, 0, EventList::kWithCompletion).forwarded(own, kPendingStatus);
  run.add(EVENT_IrpComplete, irp).leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
