#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct RemoveLockWait : testing::Test {
  void TestBody() override {}  // a test may make several
  EventList run;
  ObjectId lock = run.object(OBJECT_RemoveLock), irp = run.irp();

  void add_device() { run.enter(CALLBACK_AddDevice).leave(CALLBACK_AddDevice); }
  void wait(std::uint8_t major, std::uint8_t minor) {
    run.dispatch(irp, major, minor).acquire_remove(lock, irp).release_remove(lock, irp, true).complete(irp);
    run.leave(CALLBACK_Dispatch, irp);
  }
  names advised() const { return run.advised({"IoReleaseRemoveLockAndWaitOutsideRemoveDevice"}); }
};

TEST_F(RemoveLockWait, AdviceOutsideRemoval) {
  for (const auto& [major, minor] : {std::pair{major::kCleanup, std::uint8_t{0}}, {major::kPnp, pnp::kSurpriseRemoval}}) {
    RemoveLockWait test;
    test.add_device();
    test.wait(major, minor);
    EXPECT_EQ(test.advised(), names{"IoReleaseRemoveLockAndWaitOutsideRemoveDevice"});
    EXPECT_EQ(test.run.fired(), names{});
  }
}

TEST_F(RemoveLockWait, SilentForRemoval) {
  add_device();
  wait(major::kPnp, pnp::kRemove);
  EXPECT_EQ(advised(), names{});
}

TEST_F(RemoveLockWait, SilentWithoutPlugAndPlay) {
  wait(major::kCleanup, 0);
  EXPECT_EQ(advised(), names{});
}

}  // namespace
}  // namespace wdm
