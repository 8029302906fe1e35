#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(IrpQueuedTwice, OnlyWithoutARemovalInBetween) {
  for (const bool removed : {false, true})
    for (const bool other_irp : {false, true})
      for (const bool other_routine : {false, true}) {
        EventList run;
        const ObjectId irp = run.irp(), other = run.irp();
        run.enter(CALLBACK_WorkItem).add(EVENT_IrpInsert, irp);
        const std::uint32_t first = run.last();
        if (removed) run.add(EVENT_IrpRemove, irp);
        if (other_routine) run.leave(CALLBACK_WorkItem).enter(CALLBACK_WorkItem);
        run.add(EVENT_IrpInsert, other_irp ? other : irp);
        const bool bad = !removed && !other_irp && !other_routine;
        EXPECT_EQ(run.fired(), bad ? names{"IrpQueuedTwice"} : names{});
        if (bad) EXPECT_EQ(run.finding().evidence.at(0).event, first);
      }
}

}  // namespace
}  // namespace wdm
