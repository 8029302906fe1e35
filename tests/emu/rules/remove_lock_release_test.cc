#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct Case {
  std::uint8_t major;
  const char* release;    // released without acquisition
  const char* forgotten;  // acquired and never released
};
constexpr Case kCases[] = {
    {major::kCreate, "RemoveLockReleaseCreate", "RemoveLockReleaseCreate"},
    {major::kClose, "RemoveLockReleaseClose", "RemoveLockReleaseClose"},
    {major::kCleanup, "RemoveLockReleaseCleanup", "RemoveLockReleaseCleanup"},
    {major::kRead, "RemoveLockReleaseRead", "RemoveLockReleaseRead"},
    {major::kWrite, "RemoveLockReleaseWrite", "RemoveLockReleaseWrite"},
    {major::kDeviceControl, "RemoveLockReleaseDeviceControl", "RemoveLockReleaseDeviceControl"},
    {major::kInternalDeviceControl, "RemoveLockReleaseInternalDeviceControl", "RemoveLockReleaseInternalDeviceControl"},
    {major::kPnp, "RemoveLockReleasePnp", "RemoveLock"},
    {major::kPower, "RemoveLockReleasePower", "RemoveLock"},
    {major::kShutdown, "RemoveLockReleaseShutdown", "RemoveLockReleaseShutdown"},
    {major::kSystemControl, "RemoveLockReleaseSystemControl", "RemoveLockReleaseSystemControl"},
    {0x09 /* flush */, "RemoveLockRelease2", "RemoveLockRelease2"},
};

struct RemoveLockRelease : testing::Test {
  void TestBody() override {}  // a test may make several
  EventList run;
  ObjectId lock = run.object(OBJECT_RemoveLock), device = run.object(OBJECT_Device);

  EventList& receive(ObjectId irp, std::uint8_t major, std::uint8_t minor = 0) { return run.dispatch(irp, major, minor, device); }
  // The dispatch routine completes its IRP and returns.
  EventList& finish(ObjectId irp) { return run.complete(irp).leave(CALLBACK_Dispatch, irp); }
  // IRP_MN_REMOVE_DEVICE waits for the lock for ever, or not.
  EventList& remove(bool stuck) {
    const ObjectId irp = run.irp();
    receive(irp, major::kPnp, pnp::kRemove).acquire_remove(lock, irp).release_remove(lock, irp, true);
    if (stuck) run.inside(DDI_IoReleaseRemoveLockAndWaitEx).add(EVENT_Stuck, 0, 2).inside(DDI_None);
    return stuck ? run : finish(irp);
  }
  EventList& unload() { return run.enter(CALLBACK_Unload).leave(CALLBACK_Unload); }
};

TEST_F(RemoveLockRelease, SilentWhenReleasedOnce) {
  for (const Case& one : kCases) {
    const ObjectId irp = run.irp(), other = run.irp();
    receive(irp, one.major).acquire_remove(lock, irp).complete(irp).release_remove(lock, irp).leave(CALLBACK_Dispatch, irp);
    receive(other, one.major).acquire_remove(lock, other).release_remove(lock, other).complete(other).leave(CALLBACK_Dispatch, other);
  }
  remove(false);
  unload();
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockRelease, ReleaseWithoutAcquisitionIsTheMajorFunctions) {
  for (const Case& one : kCases) {
    RemoveLockRelease test;
    const ObjectId irp = test.run.irp();
    test.receive(irp, one.major).release_remove(test.lock, irp);
    const std::uint32_t release = test.run.last();
    test.finish(irp);
    EXPECT_EQ(test.run.fired(), names{one.release});
    EXPECT_EQ(test.run.finding().event, release);
  }
}

TEST_F(RemoveLockRelease, SecondReleaseNamesTheFirst) {
  for (const Case& one : kCases) {
    RemoveLockRelease test;
    const ObjectId irp = test.run.irp();
    test.receive(irp, one.major).acquire_remove(test.lock, irp).release_remove(test.lock, irp);
    const std::uint32_t first = test.run.last();
    test.run.release_remove(test.lock, irp);
    test.finish(irp);
    EXPECT_EQ(test.run.fired(), names{one.release});
    ASSERT_FALSE(test.run.finding().evidence.empty());
    EXPECT_EQ(test.run.finding().evidence[0].event, first);
  }
}

TEST_F(RemoveLockRelease, ReleaseAfterARefusedAcquisition) {
  const ObjectId irp = run.irp();
  receive(irp, major::kRead).acquire_remove(lock, irp, 0xC0000056).release_remove(lock, irp);
  finish(irp);
  EXPECT_EQ(run.fired(), names{"RemoveLockReleaseRead"});
}

TEST_F(RemoveLockRelease, SilentAfterARefusedAcquisitionThatIsNotReleased) {
  const ObjectId irp = run.irp();
  receive(irp, major::kRead).acquire_remove(lock, irp, 0xC0000056);
  finish(irp);
  unload();
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockRelease, TheKernelsWordCountsForTagsThatAreNoIrp) {
  const ObjectId irp = run.irp();
  receive(irp, major::kRead).add(EVENT_RemoveAcquire, lock, std::uint64_t{1} << 32).add(EVENT_RemoveRelease, lock, 2);
  run.add(EVENT_RemoveRelease, lock, std::uint64_t{1} << 32);
  finish(irp);
  EXPECT_EQ(run.fired(), names{"RemoveLockReleaseRead"});
}

// The IRP that was the tag is freed and its memory another IRP before IoReleaseRemoveLock is called.
TEST_F(RemoveLockRelease, SilentWhenTheTagIsAnotherIrpByNow) {
  const ObjectId irp = run.irp(), other = run.irp();
  receive(irp, major::kRead).add(EVENT_RemoveAcquire, lock, std::uint64_t{7} << 32, irp).complete(irp);
  run.add(EVENT_RemoveRelease, lock, std::uint64_t{7} << 32, other).leave(CALLBACK_Dispatch, irp);
  unload();
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockRelease, OutsideADispatchRoutineItIsRemoveLockRelease2) {
  const ObjectId irp = run.irp();
  run.enter(CALLBACK_WorkItem).release_remove(lock, irp).leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{"RemoveLockRelease2"});
}

TEST_F(RemoveLockRelease, WaitingForRemovalWithoutAcquisitionIsRemoveLockMnRemove) {
  const ObjectId irp = run.irp();
  receive(irp, major::kPnp, pnp::kRemove).release_remove(lock, irp, true);
  finish(irp);
  EXPECT_EQ(run.fired(), names{"RemoveLockMnRemove"});
}

TEST_F(RemoveLockRelease, WaitingElsewhereIsTheMajorFunctions) {
  const ObjectId irp = run.irp();
  receive(irp, major::kCleanup).release_remove(lock, irp, true);
  finish(irp);
  EXPECT_EQ(run.fired(), names{"RemoveLockReleaseCleanup"});
}

TEST_F(RemoveLockRelease, RemovalStuckForAnAcquisitionThatIsForgotten) {
  for (const Case& one : kCases) {
    RemoveLockRelease test;
    const ObjectId irp = test.run.irp();
    test.receive(irp, one.major).acquire_remove(test.lock, irp);
    const std::uint32_t acquired = test.run.last();
    test.finish(irp);
    test.remove(true);
    EXPECT_EQ(test.run.fired(), names{one.forgotten});
    EXPECT_EQ(test.run.finding().event, acquired);
  }
}

TEST_F(RemoveLockRelease, DeadlockWhereTheHolderMayYetRelease) {
  const ObjectId pending = run.irp(), lives = run.irp();
  receive(pending, major::kRead).acquire_remove(lock, pending).add(EVENT_IrpMarkPending, pending);
  run.leave(CALLBACK_Dispatch, pending, kPendingStatus);
  run.thread(2);
  receive(lives, major::kRead).acquire_remove(lock, lives).complete(lives).thread(1);
  remove(true);
  EXPECT_EQ(run.fired(), names{"Deadlock"});
}

TEST_F(RemoveLockRelease, ForgottenWhenUnloaded) {
  for (const Case& one : kCases) {
    RemoveLockRelease test;
    const ObjectId irp = test.run.irp();
    test.receive(irp, one.major).acquire_remove(test.lock, irp);
    test.finish(irp);
    test.unload();
    EXPECT_EQ(test.run.fired(), names{one.forgotten});
  }
}

TEST_F(RemoveLockRelease, SilentWhenOthersReleaseIt) {
  for (const std::uint32_t callback : {CALLBACK_Completion, CALLBACK_WorkItem, CALLBACK_Dpc, CALLBACK_Cancel}) {
    const ObjectId irp = run.irp();
    receive(irp, major::kRead).acquire_remove(lock, irp).add(EVENT_IrpMarkPending, irp);
    run.leave(CALLBACK_Dispatch, irp, kPendingStatus);
    run.enter(callback, irp).release_remove(lock, irp);
    if (callback != CALLBACK_Completion) run.complete(irp);
    run.leave(callback, irp);
  }
  remove(false);
  unload();
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockRelease, LocksAreToldApart) {
  const ObjectId irp = run.irp(), other = run.object(OBJECT_RemoveLock);
  receive(irp, major::kRead).acquire_remove(lock, irp).release_remove(other, irp).release_remove(lock, irp);
  finish(irp);
  EXPECT_EQ(run.fired(), names{"RemoveLockReleaseRead"});
}

}  // namespace
}  // namespace wdm
