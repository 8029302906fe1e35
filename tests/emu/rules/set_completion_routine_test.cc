#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

constexpr std::uint64_t kEx = kCompletionSet | kCompletionEx;

TEST(SetCompletionRoutine, ExWithoutPassingDown) {
  for (const std::uint64_t how : std::initializer_list<std::uint64_t>{kCompletionSet, kEx})
    for (const bool later : {false, true}) {
      EventList run;
      const ObjectId irp = run.irp();
      run.dispatch(irp, 3);
      set_routine(run, irp, how);
      const std::uint32_t set = run.last();
      if (later) run.add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus).enter(CALLBACK_WorkItem);
      run.add(EVENT_IrpComplete, irp);
      EXPECT_EQ(run.fired(), how == kEx ? names{"CompletionRoutineRegistered"} : names{}) << later;
      if (how == kEx) EXPECT_EQ(run.finding().evidence.at(0).event, set);
    }
}

TEST(SetCompletionRoutine, SilentWhenItIsPassedDownLater) {
  for (const bool later : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    set_routine(run, irp, kEx);
    if (later) run.add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus).enter(CALLBACK_WorkItem);
    run.forward(irp, 3, 0, EventList::kWithCompletion);
    taken_back(below_completes(run, irp), irp).forwarded(irp).add(EVENT_IrpComplete, irp);
    EXPECT_EQ(run.fired(), names{}) << later;
  }
}

TEST(SetCompletionRoutine, PassedDownAfterItFailed) {
  for (int way = 0; way < 4; ++way) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    set_routine(run, irp, kEx | kCompletionFailed);
    if (way == 1) run.call(DDI_IoSkipCurrentIrpStackLocation, irp);
    if (way == 2) set_routine(run, irp);
    if (way == 3) run.add(EVENT_IrpComplete, irp, kFailed);
    else run.forward(irp);
    EXPECT_EQ(run.fired(), way == 0 ? names{"IoSetCompletionRoutineExCheck"} : names{}) << way;
  }
}

TEST(SetCompletionRoutine, DeviceOfAnotherDriver) {
  for (const std::uint64_t foreign : std::initializer_list<std::uint64_t>{std::uint64_t{0}, kCompletionForeign}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3);
    set_routine(run, irp, kEx | foreign).forward(irp, 3, 0, EventList::kWithCompletion);
    EXPECT_EQ(run.fired(), foreign != 0 ? names{"IoSetCompletionRoutineExCheckDeviceObject"} : names{});
  }
}

names judged_as_advice(bool add_device, std::uint64_t how) {
  EventList run;
  if (add_device) run.enter(CALLBACK_AddDevice).leave(CALLBACK_AddDevice);
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3);
  set_routine(run, irp, how).forward(irp, 3, 0, EventList::kWithCompletion);
  Tracker tracker;
  EXPECT_TRUE(tracker.judge(run.trace).empty()) << "advice is not judged unless asked for";
  tracker.enable("IoSetCompletionRoutineNonPnpDriver", true);
  names result;
  for (const Finding& finding : tracker.judge(run.trace)) result.emplace_back(rule_info(finding.rule).name);
  return result;
}

TEST(SetCompletionRoutine, NonPnpDriver) {
  EXPECT_EQ(judged_as_advice(false, kCompletionSet), names{"IoSetCompletionRoutineNonPnpDriver"});
  EXPECT_EQ(judged_as_advice(true, kCompletionSet), names{});
  EXPECT_EQ(judged_as_advice(false, kEx), names{});
  EXPECT_EQ(judged_as_advice(false, 0), names{});
}

}  // namespace
}  // namespace wdm
