#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

constexpr std::uint64_t kForwardIt = 3, kNotWmi = 2, kNotCompleted = 1, kProcessed = 0;
constexpr std::uint64_t kExFailed = kCompletionSet | kCompletionEx | kCompletionFailed;

TEST(UnfinishedDispatch, NobodyCompletesIt) {
  for (const std::uint64_t status : {std::uint64_t{0}, std::uint64_t{0x40000000}, kFailed}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3).leave(CALLBACK_Dispatch, irp, status);
    EXPECT_EQ(run.fired(), names{status == 0 ? "IrpProcessingComplete" : "CompleteRequest"}) << status;
  }
}

// Each way to be done with it, with each status.
TEST(UnfinishedDispatch, SilentWhenItIsDoneWith) {
  for (const std::uint64_t status : {std::uint64_t{0}, kFailed}) {
    for (int way = 0; way < 5; ++way) {
      EventList run;
      const ObjectId irp = run.irp();
      run.dispatch(irp, 3);
      if (way == 0) run.add(EVENT_IrpComplete, irp, status);
      if (way == 1) gone(below_completes(run.forward(irp), irp), irp).forwarded(irp, status);
      if (way == 2) below_completes(run.forward(irp), irp).forwarded(irp, status);
      if (way == 3) {
        set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion);
        taken_back(below_completes(run, irp), irp).forwarded(irp).add(EVENT_IrpComplete, irp, status);
      }
      if (way == 4) run.thread(2).enter(CALLBACK_Thread).add(EVENT_IrpComplete, irp, status).thread(1);
      run.leave(CALLBACK_Dispatch, irp, status);
      EXPECT_EQ(run.fired(), names{}) << way;
    }
  }
}

TEST(UnfinishedDispatch, ComesBackAndIsForgotten) {
  for (const bool by_kernel : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    if (by_kernel) run.inside(DDI_IoForwardIrpSynchronously);
    else set_routine(run, irp);
    run.forward(irp, 3, 0, EventList::kWithCompletion).inside(DDI_None);
    below_completes(run, irp);
    if (by_kernel) run.outside([&] { run.add(EVENT_IrpCaught, irp); });
    else taken_back(run, irp);
    run.forwarded(irp).leave(CALLBACK_Dispatch, irp, kFailed);
    EXPECT_EQ(run.fired(), names{"CompleteRequest"}) << by_kernel;
  }
}

// Its own completion routine still runs on another thread, and may complete it.
TEST(UnfinishedDispatch, SilentWhileItsCompletionRoutineRuns) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).forwarded(irp, kPendingStatus);
  run.thread(2);
  below_completes(run, irp).enter(CALLBACK_Completion, irp);
  run.thread(1).leave(CALLBACK_Dispatch, irp, kFailed);
  EXPECT_EQ(run.fired(), names{});
}

TEST(UnfinishedDispatch, SilentForTheUpperOfTwoDevices) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).forward(irp).dispatch(irp, 3).add(EVENT_IrpMarkPending, irp);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus).forwarded(irp, kPendingStatus);
  run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

// The upper of two devices takes back what the lower one completed, after the lower one had it back itself, or what it skipped.
TEST(UnfinishedDispatch, SilentForTheLowerOfTwoDevices) {
  for (int way = 0; way < 4; ++way) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    if (way == 3) run.inside(DDI_IoForwardIrpSynchronously);
    else set_routine(run, irp);
    run.forward(irp, 3, 0, EventList::kWithCompletion).inside(DDI_None).dispatch(irp, 3);
    if (way == 1) {
      set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion);
      taken_back(below_completes(run, irp), irp).forwarded(irp);
    }
    if (way == 2) below_completes(run.forward(irp, 3, 0, EventList::kWithCompletion), irp);
    else run.add(EVENT_IrpComplete, irp);
    if (way == 3) run.outside([&] { run.add(EVENT_IrpCaught, irp); });
    else taken_back(run, irp);
    if (way == 2) run.forwarded(irp);
    run.leave(CALLBACK_Dispatch, irp, 0).forwarded(irp).add(EVENT_IrpComplete, irp).leave(CALLBACK_Dispatch, irp, 0);
    EXPECT_EQ(run.fired(), names{}) << way;
  }
}

TEST(UnfinishedDispatch, Wmi) {
  for (const std::uint64_t disposition : {kProcessed, kNotCompleted, kNotWmi, kForwardIt}) {
    for (int way = 0; way < 3; ++way) {
      EventList run;
      const ObjectId irp = run.irp();
      run.dispatch(irp, 0x17).add(EVENT_WmiControl, irp, disposition);
      if (way == 1) run.add(EVENT_IrpComplete, irp);
      if (way == 2) gone(below_completes(run.forward(irp, 0x17), irp), irp).forwarded(irp);
      run.leave(CALLBACK_Dispatch, irp, 0);
      const names expected = {disposition <= kNotCompleted ? "WmiComplete" : "WmiForward"};
      EXPECT_EQ(run.fired(), way == 0 ? expected : names{}) << disposition << way;
    }
  }
}

TEST(UnfinishedDispatch, AfterIoSetCompletionRoutineExFailed) {
  for (int way = 0; way < 3; ++way) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    set_routine(run, irp, kExFailed);
    if (way == 1) run.add(EVENT_IrpComplete, irp, kFailed);
    if (way == 2) set_routine(run, irp);
    run.leave(CALLBACK_Dispatch, irp, kFailed);
    EXPECT_EQ(run.fired(), way == 0   ? names{"IoSetCompletionExCompleteIrp"}
                           : way == 1 ? names{}
                                      : names{"CompleteRequest"});
  }
}

TEST(UnfinishedDispatch, PointsToTheLastUse) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).add(EVENT_IrpSetCancel, irp, 1);
  const std::uint32_t use = run.last();
  run.leave(CALLBACK_Dispatch, irp, kFailed);
  EXPECT_EQ(run.finding().event, use);
  EXPECT_EQ(run.finding().message,
            "dispatch routine returns 0xC0000001, but IRP 1 was neither completed nor passed down nor marked pending");
}

}  // namespace
}  // namespace wdm
