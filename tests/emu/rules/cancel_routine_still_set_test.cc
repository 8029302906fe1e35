#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(CancelRoutineStillSet, FiresWhenSet) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpSetCancel, irp, 1);
  const std::uint32_t set = run.last();
  run.add(EVENT_IrpComplete, irp, 0, 1);
  EXPECT_EQ(run.fired(), names{"CancelRoutineStillSet"});
  EXPECT_EQ(run.finding().evidence.at(0).event, set);
}

TEST(CancelRoutineStillSet, FiresWhenTheFieldWasWrittenDirectly) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp, 0, 1);
  EXPECT_EQ(run.fired(), names{"CancelRoutineStillSet"});
  EXPECT_TRUE(run.finding().evidence.empty());
}

TEST(CancelRoutineStillSet, SilentWhenCleared) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpSetCancel, irp, 1).add(EVENT_IrpSetCancel, irp, 0, 1).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{});
}

// IoSetCancelRoutine returned null: the IRP belongs to the cancel routine, nobody else completes it.
TEST(CancelRoutineStillSet, SilentWhenLeftToTheCancelRoutine) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dpc).add(EVENT_IrpSetCancel, irp, 0, 0).leave(CALLBACK_Dpc);
  run.enter(CALLBACK_Cancel, irp).add(EVENT_IrpComplete, irp, 0xC0000120).leave(CALLBACK_Cancel, irp);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
