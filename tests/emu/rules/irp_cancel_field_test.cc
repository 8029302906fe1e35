#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(IrpCancelField, OnlyWhenCancelledBeforeTheRoutineWasSet) {
  for (const bool before : {false, true})
    for (const bool set_at_end : {false, true})
      for (const bool closed : {false, true}) {
        EventList run;
        const ObjectId irp = run.irp();
        run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp);
        if (before) run.add(EVENT_IrpCancel, irp);
        run.add(EVENT_IrpSetCancel, irp, 1);
        const std::uint32_t set = run.last();
        if (!before) run.add(EVENT_IrpCancel, irp);
        run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
        run.outside([&] { run.add(EVENT_EndIrp, irp, (set_at_end ? 1u : 0u) | (closed ? 2u : 0u), 1); });
        EXPECT_EQ(run.fired(), names{before && set_at_end ? "IrpCancelField" : "IrpNeverCompleted"});
        if (before && set_at_end) EXPECT_EQ(run.finding().event, set);
      }
}

TEST(IrpCancelField, SilentWhenTheFieldIsLookedAt) {
  EventList run;
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).add(EVENT_IrpMarkPending, irp).add(EVENT_IrpCancel, irp).add(EVENT_IrpSetCancel, irp, 1);
  run.add(EVENT_IrpSetCancel, irp, 0, 1).add(EVENT_IrpComplete, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
