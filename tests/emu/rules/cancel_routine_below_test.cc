#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

TEST(CancelRoutineBelow, PassedDownWithACancelRoutine) {
  for (const bool set : {false, true}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.dispatch(irp, 3).add(EVENT_IrpSetCancel, irp, 1);
    const std::uint32_t routine = run.last();
    if (!set) run.add(EVENT_IrpSetCancel, irp, 0, 1);
    run.forward(irp, 3, 0, set ? EventList::kWithCancel : 0);
    EXPECT_EQ(run.fired(), set ? names{"ForwardedWithCancelRoutine"} : names{});
    if (set) EXPECT_EQ(run.finding().evidence.at(0).event, routine);
  }
}

TEST(CancelRoutineBelow, SetWhileItIsBelow) {
  for (const bool back : {false, true})
    for (const std::uint64_t routine : {0, 1}) {
      EventList run;
      const ObjectId irp = run.irp();
      run.dispatch(irp, 3);
      set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).forwarded(irp, kPendingStatus);
      if (back) taken_back(below_completes(run, irp), irp);
      run.add(EVENT_IrpSetCancel, irp, routine);
      EXPECT_EQ(run.fired(), !back && routine == 1 ? names{"CancelRoutineSetBelow"} : names{});
    }
}

// A device of the kernel below sets one of its own; another of the driver's devices may do so, too.
TEST(CancelRoutineBelow, SilentForThoseWhoHaveIt) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).forward(irp).outside([&] { run.add(EVENT_IrpSetCancel, irp, 1); }).forwarded(irp, kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
  EventList own;
  const ObjectId other = own.irp();
  own.dispatch(other, 3).forward(other).dispatch(other, 3).add(EVENT_IrpSetCancel, other, 1);
  EXPECT_EQ(own.fired(), names{});
}

}  // namespace
}  // namespace wdm
