#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

struct Start {
  EventList run;
  ObjectId irp = run.irp();

  // `how` as IrpSetCompletion's arg.
  void go(bool event, std::uint64_t how, bool waits, std::uint8_t minor = pnp::kStart, std::uint8_t major = major::kPnp) {
    run.dispatch(irp, major, minor);
    if (event) run.call(DDI_KeInitializeEvent);
    if (how != 0) set_routine(run, irp, how);
    run.forward(irp, major, minor, how != 0 ? EventList::kWithCompletion : 0).forwarded(irp, kPendingStatus);
    if (how == 0) {
      if (waits) run.call(DDI_KeWaitForSingleObject);
      run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
      return;
    }
    run.thread(2);
    taken_back(below_completes(run, irp), irp).thread(1);
    if (waits) run.call(DDI_KeWaitForSingleObject);
    run.complete(irp).leave(CALLBACK_Dispatch, irp);
  }
  names advised() const { return run.advised({"StartDeviceWait", "StartDeviceWait2", "StartDeviceWait3", "StartDeviceWait4"}); }
};

TEST(StartDeviceWait, AdviceNamesHowItWaits) {
  constexpr struct {
    bool event;
    std::uint64_t how;
    const char* rule;
  } kCases[] = {{true, 1, "StartDeviceWait"}, {true, 3, "StartDeviceWait2"}, {false, 1, "StartDeviceWait3"}, {false, 3, "StartDeviceWait4"}};
  for (const auto& one : kCases) {
    Start start;
    start.go(one.event, one.how, true);
    EXPECT_EQ(start.advised(), names{one.rule});
    EXPECT_EQ(start.run.fired(), names{});
  }
}

TEST(StartDeviceWait, SilentWithoutWaiting) {
  for (const std::uint64_t how : {0, 1, 3}) {
    Start start;
    start.go(true, how, false);
    EXPECT_EQ(start.advised(), names{});
  }
}

TEST(StartDeviceWait, SilentWithoutACompletionRoutine) {
  Start start;
  start.go(true, 0, true);
  EXPECT_EQ(start.advised(), names{});
}

TEST(StartDeviceWait, SilentForOtherRequests) {
  for (const std::uint8_t minor : {pnp::kRemove, pnp::kQueryDeviceRelations}) {
    Start start;
    start.go(true, 1, true, minor);
    EXPECT_EQ(start.advised(), names{});
  }
  Start read;
  read.go(true, 1, true, 0, major::kRead);
  EXPECT_EQ(read.advised(), names{});
}

TEST(StartDeviceWait, SilentBeforePassingDown) {
  Start start;
  start.run.dispatch(start.irp, major::kPnp, pnp::kStart).add(EVENT_IrpSetCompletion, start.irp, 1).call(DDI_KeWaitForSingleObject);
  EXPECT_EQ(start.advised(), names{});
}

}  // namespace
}  // namespace wdm
