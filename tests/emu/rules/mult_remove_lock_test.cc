#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct MultRemoveLock : testing::Test {
  EventList run;
  ObjectId a = run.object(OBJECT_RemoveLock), b = run.object(OBJECT_RemoveLock), device = run.object(OBJECT_Device);

  void use(ObjectId lock, ObjectId of) {
    const ObjectId irp = run.irp();
    run.dispatch(irp, major::kRead, 0, of).acquire_remove(lock, irp).release_remove(lock, irp).complete(irp);
    run.leave(CALLBACK_Dispatch, irp);
  }
};

TEST_F(MultRemoveLock, AdviceForASecondLock) {
  use(a, device);
  use(b, device);
  EXPECT_EQ(run.advised({"MultRemoveLock"}), names{"MultRemoveLock"});
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(MultRemoveLock, SilentForTheSameLock) {
  use(a, device);
  use(a, device);
  EXPECT_EQ(run.advised({"MultRemoveLock"}), names{});
}

TEST_F(MultRemoveLock, SilentForAnotherDevice) {
  use(a, device);
  use(b, run.object(OBJECT_Device));
  EXPECT_EQ(run.advised({"MultRemoveLock"}), names{});
}

}  // namespace
}  // namespace wdm
