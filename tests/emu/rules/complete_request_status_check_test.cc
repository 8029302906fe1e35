#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

TEST(CompleteRequestStatusCheck, EveryStatus) {
  for (const std::uint64_t status : {std::uint64_t{0}, kFailed, kPendingStatus, std::uint64_t{0xffffffff},
                                     std::uint64_t{0x104}, std::uint64_t{0x80000005}}) {
    EventList run;
    const ObjectId irp = run.irp();
    run.enter(CALLBACK_WorkItem).add(EVENT_IrpComplete, irp, status).leave(CALLBACK_WorkItem);
    const bool bad = status == kPendingStatus || status == 0xffffffff;
    EXPECT_EQ(run.fired(), bad ? names{"CompleteRequestStatusCheck"} : names{}) << status;
  }
}

TEST(CompleteRequestStatusCheck, SilentForDevicesBelow) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).forward(irp).outside([&] { run.add(EVENT_IrpComplete, irp, kPendingStatus); });
  run.forwarded(irp, 0).leave(CALLBACK_Dispatch, irp, 0);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
