#include <gtest/gtest.h>

#include <algorithm>

#include "emu/rules/irp_codes.h"
#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

constexpr std::uint64_t kFailure = 0xC0000001, kNotSupported = 0xC00000BB, kDeletePending = 0xC0000056;
constexpr std::uint8_t kMustSucceed[] = {pnp::kRemove, pnp::kSurpriseRemoval, pnp::kCancelRemove, pnp::kCancelStop};

struct PnpCompletion {
  EventList run;
  ObjectId device = run.object(OBJECT_Device), lock = run.object(OBJECT_RemoveLock), irp = run.irp();

  explicit PnpCompletion(bool attached = true) {
    run.enter(CALLBACK_AddDevice).call(DDI_IoCreateDevice);
    if (attached) run.call(DDI_IoAttachDeviceToDeviceStack, device);
    run.leave(CALLBACK_AddDevice);
  }
  EventList& receive(std::uint8_t minor, std::uint8_t major = major::kPnp, std::uint8_t power = 0) {
    return run.dispatch(irp, major, minor, device, power);
  }
  EventList& pass_down(std::uint8_t minor) { return passed_down_and_back(run, irp, major::kPnp, minor); }
  EventList& finish(std::uint64_t status) { return run.complete(irp, status).leave(CALLBACK_Dispatch, irp, status); }
};

TEST(PnpCompletionTest, FailureOfWhatMustSucceed) {
  for (const bool attached : {false, true}) {
    for (const std::uint8_t minor : kMustSucceed) {
      PnpCompletion test(attached);
      test.receive(minor);
      const std::uint32_t completed = test.run.next();
      test.finish(kFailure);
      EXPECT_EQ(test.run.fired(), names{"PnpRemove"});
      EXPECT_EQ(test.run.finding().event, completed);
    }
  }
}

TEST(PnpCompletionTest, FailureOfWhatMayFailIsSilent) {
  for (const std::uint8_t minor : {pnp::kStart, pnp::kQueryRemove, pnp::kQueryStop, pnp::kQueryDeviceRelations}) {
    PnpCompletion test;
    test.receive(minor);
    test.finish(kFailure);
    EXPECT_EQ(test.run.fired(), names{});
  }
}

TEST(PnpCompletionTest, FailureFromBelowIsSilent) {
  for (const std::uint8_t minor : kMustSucceed) {
    for (const std::uint64_t status : {kFailure, kNotSupported}) {
      PnpCompletion test;
      test.receive(minor);
      test.pass_down(minor);
      test.finish(status);
      EXPECT_EQ(test.run.fired(), names{});
    }
  }
}

TEST(PnpCompletionTest, RefusedByTheRemoveLockIsSilent) {
  for (const std::uint8_t minor : kMustSucceed) {
    PnpCompletion test;
    test.receive(minor).acquire_remove(test.lock, test.irp, kDeletePending);
    test.finish(kDeletePending);
    EXPECT_EQ(test.run.fired(), names{});
  }
}

TEST(PnpCompletionTest, RefusedAfterRemovalIsSilent) {
  for (const std::uint8_t minor : kMustSucceed) {
    PnpCompletion test;
    test.receive(minor);
    test.finish(0xC000000E);
    EXPECT_EQ(test.run.fired(), names{});
  }
}

TEST(PnpCompletionTest, ABusDriverMayLeaveNotSupported) {
  for (const std::uint8_t minor : kMustSucceed) {
    PnpCompletion test(false);
    test.receive(minor);
    test.finish(kNotSupported);
    EXPECT_EQ(test.run.fired(), names{});
  }
}

TEST(PnpCompletionTest, NotSupportedWithARemoveLock) {
  constexpr struct {
    std::uint8_t minor;
    const char* rule;
  } kCases[] = {{pnp::kRemove, "NsRemoveLockMnRemove"},
                {pnp::kSurpriseRemoval, "NsRemoveLockMnSurpriseRemove"},
                {pnp::kQueryRemove, "NsRemoveLockQueryMnRemove"}};
  for (const auto& one : kCases) {
    for (const bool attached : {false, true}) {
      PnpCompletion test(attached);
      test.receive(one.minor).acquire_remove(test.lock, test.irp).complete(test.irp, kNotSupported).release_remove(test.lock, test.irp);
      test.run.leave(CALLBACK_Dispatch, test.irp, kNotSupported);
      EXPECT_EQ(test.run.fired(), attached ? names{one.rule} : names{});
    }
    PnpCompletion without;
    without.receive(one.minor);
    without.finish(kNotSupported);
    EXPECT_EQ(without.run.fired(), one.minor == pnp::kQueryRemove ? names{} : names{"PnpRemove"});
    PnpCompletion passed;
    passed.receive(one.minor).acquire_remove(passed.lock, passed.irp);
    passed.pass_down(one.minor).complete(passed.irp, kNotSupported).release_remove(passed.lock, passed.irp);
    passed.run.leave(CALLBACK_Dispatch, passed.irp, kNotSupported);
    EXPECT_EQ(passed.run.fired(), names{});
  }
}

TEST(PnpCompletionTest, SuccessWithoutPassingDown) {
  for (std::uint8_t minor = 0; minor <= pnp::kSurpriseRemoval; ++minor) {
    constexpr std::uint8_t kChanges[] = {pnp::kStart, pnp::kRemove, pnp::kCancelRemove, pnp::kStop, pnp::kCancelStop, pnp::kSurpriseRemoval};
    const bool changes = std::ranges::find(kChanges, minor) != std::end(kChanges);
    for (const bool attached : {false, true}) {
      for (const bool passed : {false, true}) {
        PnpCompletion test(attached);
        test.receive(minor);
        if (passed) test.pass_down(minor);
        test.finish(0);
        const bool fires = attached && !passed && changes;
        EXPECT_EQ(test.run.fired(), fires ? names{"PnpIrpCompletion"} : names{}) << int{minor};
      }
    }
  }
}

TEST(PnpCompletionTest, WhatTheKernelsBusCompletesIsSilent) {
  PnpCompletion test;
  test.receive(pnp::kRemove).forward(test.irp, major::kPnp, pnp::kRemove);
  test.run.outside([&] { test.run.complete(test.irp, kFailure); }).forwarded(test.irp).leave(CALLBACK_Dispatch, test.irp);
  EXPECT_EQ(test.run.fired(), names{});
}

TEST(PnpCompletionTest, FailedPower) {
  constexpr std::uint8_t kDevice = DispatchCall::kDevicePower;
  for (const std::uint8_t kind : {std::uint8_t{0}, kDevice}) {
    for (std::uint8_t state = 1; state <= 4; ++state) {
      for (const bool attached : {false, true}) {
        PnpCompletion test(attached);
        test.receive(kSetPower, major::kPower, static_cast<std::uint8_t>(kind | state));
        test.finish(kFailure);
        const names expected{state == 1 ? "PowerUpFail" : "PowerDownFail"};
        EXPECT_EQ(test.run.fired(), attached ? expected : names{});
      }
    }
  }
}

TEST(PnpCompletionTest, OtherPowerIsSilent) {
  for (const std::uint8_t state : {0x00, 0x01, 0x02, 0x80, 0x81, 0x84}) {
    PnpCompletion succeeded, query, below, refused;
    succeeded.receive(kSetPower, major::kPower, state);
    succeeded.finish(0);
    EXPECT_EQ(succeeded.run.fired(), names{});
    query.receive(0x03, major::kPower, state);
    query.finish(kFailure);
    EXPECT_EQ(query.run.fired(), names{});
    below.receive(kSetPower, major::kPower, state);
    passed_down_and_back(below.run, below.irp, major::kPower, kSetPower);
    below.finish(kFailure);
    EXPECT_EQ(below.run.fired(), names{});
    refused.receive(kSetPower, major::kPower, state).acquire_remove(refused.lock, refused.irp, kDeletePending);
    refused.finish(kDeletePending);
    EXPECT_EQ(refused.run.fired(), names{});
  }
}

}  // namespace
}  // namespace wdm
