#include <gtest/gtest.h>

#include <algorithm>

#include "emu/rules/irp_codes.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct Case {
  std::uint8_t major, minor;
  const char* released;
  const char* never_acquired;
};
constexpr Case kCases[] = {
    {major::kRead, 0, "RemoveLockForwardRead", "RemoveLockForwardRead2"},
    {major::kWrite, 0, "RemoveLockForwardWrite", "RemoveLockForwardWrite2"},
    {major::kDeviceControl, 0, "RemoveLockForwardDeviceControl", "RemoveLockForwardDeviceControl2"},
    {major::kInternalDeviceControl, 0, "RemoveLockForwardDeviceControlInternal", "RemoveLockForwardDeviceControlInternal2"},
    {major::kCreate, 0, "RemoveLockForward", "RemoveLockForward2"},
    {major::kPower, kSetPower, "RemoveLockForward", "RemoveLockForward2"},
    {major::kPnp, pnp::kStart, "RemoveLockForward", "RemoveLockForward2"},
    {major::kPnp, pnp::kRemove, "RemoveLockMnRemove2", "RemoveLockMnRemove2"},
    {major::kPnp, pnp::kSurpriseRemoval, "RemoveLockMnSurpriseRemove", "RemoveLockMnSurpriseRemove"},
    {major::kPnp, pnp::kQueryRemove, "RemoveLockQueryMnRemove", "RemoveLockQueryMnRemove"},
};
constexpr const char* kAdvice[] = {"RemoveLockMnRemove2", "RemoveLockMnSurpriseRemove", "RemoveLockQueryMnRemove"};

struct RemoveLockForward : testing::Test {
  void TestBody() override {}  // a test may make several
  EventList run;
  ObjectId lock = run.object(OBJECT_RemoveLock), device = run.object(OBJECT_Device), irp = run.irp();

  EventList& receive(const Case& one) { return run.dispatch(irp, one.major, one.minor, device); }
  EventList& pass_down(const Case& one) { return run.forward(irp, one.major, one.minor); }
  // The driver uses the lock for another request of this device.
  void use() {
    const ObjectId other = run.irp();
    run.dispatch(other, major::kCleanup, 0, device).acquire_remove(lock, other).release_remove(lock, other).complete(other);
    run.leave(CALLBACK_Dispatch, other);
  }
  EventList& end() { return run.forwarded(irp).leave(CALLBACK_Dispatch, irp); }
  names all() const {
    return run.advised({"RemoveLockForward2", "RemoveLockForwardRead2", "RemoveLockForwardWrite2", "RemoveLockForwardDeviceControl2",
                        "RemoveLockForwardDeviceControlInternal2", "RemoveLockMnRemove2", "RemoveLockMnSurpriseRemove",
                        "RemoveLockQueryMnRemove"});
  }
};

TEST_F(RemoveLockForward, FiresWhenReleasedBefore) {
  for (const Case& one : kCases) {
    RemoveLockForward test;
    test.receive(one).acquire_remove(test.lock, test.irp).release_remove(test.lock, test.irp);
    test.pass_down(one);
    test.end();
    EXPECT_EQ(test.all(), names{one.released});
    const bool advice = std::ranges::find(kAdvice, std::string_view(one.released)) != std::end(kAdvice);
    EXPECT_EQ(test.run.fired(), advice ? names{} : names{one.released});
  }
}

TEST_F(RemoveLockForward, AdviceWhenNeverAcquired) {
  for (const Case& one : kCases) {
    RemoveLockForward test;
    test.use();
    test.receive(one);
    test.pass_down(one);
    test.end();
    EXPECT_EQ(test.all(), names{one.never_acquired});
    EXPECT_EQ(test.run.fired(), names{});
  }
}

TEST_F(RemoveLockForward, SilentWhenHeld) {
  for (const Case& one : kCases) {
    RemoveLockForward test;
    test.use();
    test.receive(one).acquire_remove(test.lock, test.irp);
    test.pass_down(one).forwarded(test.irp).release_remove(test.lock, test.irp).leave(CALLBACK_Dispatch, test.irp);
    EXPECT_EQ(test.all(), names{});
  }
}

TEST_F(RemoveLockForward, SilentWhenTheCompletionRoutineReleases) {
  for (const Case& one : kCases) {
    RemoveLockForward test;
    test.receive(one).acquire_remove(test.lock, test.irp).forward(test.irp, one.major, one.minor, EventList::kWithCompletion);
    test.run.enter(CALLBACK_Completion, test.irp).release_remove(test.lock, test.irp).leave(CALLBACK_Completion, test.irp);
    test.end();
    EXPECT_EQ(test.all(), names{});
  }
}

TEST_F(RemoveLockForward, SilentWithoutARemoveLock) {
  for (const Case& one : kCases) {
    RemoveLockForward test;
    test.receive(one);
    test.pass_down(one);
    test.end();
    EXPECT_EQ(test.all(), names{});
  }
}

TEST_F(RemoveLockForward, SilentWhenAnotherDeviceHasTheLock) {
  use();
  device = run.object(OBJECT_Device);
  receive(kCases[0]);
  pass_down(kCases[0]);
  end();
  EXPECT_EQ(all(), names{});
}

TEST_F(RemoveLockForward, SilentWhenRemovalHasWaitedAlready) {
  const Case& remove = kCases[7];
  receive(remove).acquire_remove(lock, irp).release_remove(lock, irp, true);
  pass_down(remove);
  end();
  EXPECT_EQ(all(), names{});
}

TEST_F(RemoveLockForward, SilentWhenTheTagIsAnother) {
  receive(kCases[0]).acquire_remove(lock, 0).release_remove(lock, 0);
  pass_down(kCases[0]);
  end();
  EXPECT_EQ(all(), names{});
}

TEST_F(RemoveLockForward, SilentWhenAnUpperDeviceOfTheDriverHoldsIt) {
  use();
  const ObjectId upper = run.object(OBJECT_Device);
  run.dispatch(irp, major::kRead, 0, upper).acquire_remove(lock, irp).forward(irp);
  run.dispatch(irp, major::kRead, 0, device).forward(irp).forwarded(irp).leave(CALLBACK_Dispatch, irp);
  run.forwarded(irp).release_remove(lock, irp).leave(CALLBACK_Dispatch, irp);
  EXPECT_EQ(all(), names{});
}

TEST_F(RemoveLockForward, SilentForAnIrpOfItsOwn) {
  const ObjectId own = run.irp();
  receive(kCases[0]).acquire_remove(lock, irp).release_remove(lock, irp).forward(own).forwarded(own);
  run.complete(irp).leave(CALLBACK_Dispatch, irp);
  EXPECT_EQ(all(), names{});
}

}  // namespace
}  // namespace wdm
