#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(DoubleCompletion, FiresForTheSecond) {
  for (bool gone : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpComplete, irp);
    const std::uint32_t first = run.last();
    if (gone) run.outside([&] { run.add(EVENT_IrpCompleted, irp); });
    run.add(EVENT_IrpComplete, irp);
    EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
    EXPECT_EQ(run.finding().evidence.at(0).event, first);
  }
}

TEST(DoubleCompletion, SilentForOneOfEach) {
  EventList run;
  const ObjectId one = run.irp(), two = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpComplete, one).add(EVENT_IrpComplete, two).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired({"IrqlContract"}), names{});
}

TEST(DoubleCompletion, FiresForCancelRoutineAndDpc) {
  EventList run;
  const ObjectId irp = run.irp();
  run.thread(1).enter(CALLBACK_Cancel, irp).add(EVENT_IrpComplete, irp);
  run.thread(2).enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
}

TEST(DoubleCompletion, SilentWhenTakenBack) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp).enter(CALLBACK_Completion, irp);
  run.leave(CALLBACK_Completion, irp, kMoreProcessing).leave(CALLBACK_Dpc);
  run.enter(CALLBACK_WorkItem).add(EVENT_IrpComplete, irp).leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{});
}

TEST(DoubleCompletion, FiresWhenNotTakenBack) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp).enter(CALLBACK_Completion, irp);
  run.leave(CALLBACK_Completion, irp, 0).leave(CALLBACK_Dpc);
  run.enter(CALLBACK_WorkItem).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
}

TEST(DoubleCompletion, FiresForTheThirdAfterTakingBackOnce) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp).enter(CALLBACK_Completion, irp);
  run.leave(CALLBACK_Completion, irp, kMoreProcessing).add(EVENT_IrpComplete, irp).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
}

// The routine wakes another thread, which completes the IRP before the routine has returned.
TEST(DoubleCompletion, SilentWhenTheWokenThreadIsFasterThanTheReturn) {
  for (bool by_kernel : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.enter(CALLBACK_Dpc);
    if (by_kernel) run.outside([&] { run.add(EVENT_IrpComplete, irp); });
    else run.add(EVENT_IrpComplete, irp);
    run.enter(CALLBACK_Completion, irp);
    run.thread(2).enter(CALLBACK_Dispatch).add(EVENT_IrpComplete, irp);
    run.thread(1).leave(CALLBACK_Completion, irp, kMoreProcessing);
    run.thread(2).outside([&] { run.add(EVENT_IrpCompleted, irp); }).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(DoubleCompletion, FiresWhenTheRoutineThenDoesNotTakeItBack) {
  for (bool by_kernel : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.enter(CALLBACK_Dpc);
    if (by_kernel) run.outside([&] { run.add(EVENT_IrpComplete, irp); });
    else run.add(EVENT_IrpComplete, irp);
    run.enter(CALLBACK_Completion, irp);
    run.thread(2).enter(CALLBACK_Dispatch).add(EVENT_IrpComplete, irp);
    const std::uint32_t second = run.last();
    run.thread(1).leave(CALLBACK_Completion, irp, 0);
    EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
    EXPECT_EQ(run.finding().event, second);
  }
}

TEST(DoubleCompletion, FiresAfterTheWokenThreadCompletedItTwice) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp).enter(CALLBACK_Completion, irp);
  run.thread(2).enter(CALLBACK_Dispatch).add(EVENT_IrpComplete, irp).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
}

TEST(DoubleCompletion, FiresForOneMoreAfterTheFastThread) {
  for (bool by_kernel : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.enter(CALLBACK_Dpc);
    if (by_kernel) run.outside([&] { run.add(EVENT_IrpComplete, irp); });
    else run.add(EVENT_IrpComplete, irp);
    run.enter(CALLBACK_Completion, irp);
    run.thread(2).enter(CALLBACK_Dispatch).add(EVENT_IrpComplete, irp);
    run.thread(1).leave(CALLBACK_Completion, irp, kMoreProcessing).add(EVENT_IrpComplete, irp);
    EXPECT_EQ(run.fired(), names{"DoubleCompletion"}) << by_kernel;
  }
}

// IoForwardIrpSynchronously: the kernel catches the IRP, no routine of the driver's runs.
TEST(DoubleCompletion, SilentWhenTheKernelCaughtIt) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpForward, irp).outside([&] { run.add(EVENT_IrpComplete, irp); });
  run.add(EVENT_IrpComplete, irp).leave(CALLBACK_Dispatch, irp);
  EXPECT_EQ(run.fired(), names{});
}

TEST(DoubleCompletion, FiresWhenTheLowerDeviceHasFinishedIt) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpForward, irp);
  run.outside([&] { run.add(EVENT_IrpComplete, irp).add(EVENT_IrpCompleted, irp); }).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{"DoubleCompletion"});
}

TEST(DoubleCompletion, SilentForReusedIrp) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp).add(EVENT_IrpCreate, irp).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
