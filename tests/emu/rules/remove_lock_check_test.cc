#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct RemoveLockCheck : testing::Test {
  void TestBody() override {}  // a test may make several
  EventList run;
  ObjectId lock = run.object(OBJECT_RemoveLock), device = run.object(OBJECT_Device), lower = run.object(OBJECT_Device);
  ObjectId request = run.irp(), removal = run.irp();

  // A request of that device is under way and holds the lock.
  EventList& hold(ObjectId of) {
    run.dispatch(request, major::kRead, 0, of).acquire_remove(lock, request).add(EVENT_IrpMarkPending, request);
    return run.leave(CALLBACK_Dispatch, request, kPendingStatus);
  }
  EventList& remove() {
    return run.dispatch(removal, major::kPnp, pnp::kRemove, device).acquire_remove(lock, removal).forward(removal, major::kPnp, pnp::kRemove);
  }
};

TEST_F(RemoveLockCheck, FiresWhenARequestIsInside) {
  for (const std::uint16_t ddi : {DDI_IoDetachDevice, DDI_IoDeleteDevice}) {
    RemoveLockCheck test;
    test.hold(test.device);
    test.remove().call(ddi, ddi == DDI_IoDetachDevice ? test.lower : test.device);
    EXPECT_EQ(test.run.fired(), names{"RemoveLockCheck"});
    EXPECT_EQ(test.run.finding().event, test.run.last());
  }
}

TEST_F(RemoveLockCheck, SilentAfterWaiting) {
  hold(device);
  remove().release_remove(lock, removal, true).call(DDI_IoDetachDevice, lower).call(DDI_IoDeleteDevice, device);
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockCheck, SilentWhenNobodyIsInside) {
  remove().call(DDI_IoDetachDevice, lower).release_remove(lock, removal).call(DDI_IoDeleteDevice, device);
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockCheck, SilentForAnotherDevice) {
  hold(run.object(OBJECT_Device));
  remove().call(DDI_IoDetachDevice, lower).call(DDI_IoDeleteDevice, device);
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockCheck, SilentWhenAChildIsDeleted) {
  hold(device);
  remove().call(DDI_IoDeleteDevice, run.object(OBJECT_Device));
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockCheck, SilentOutsideRemoval) {
  hold(device);
  run.enter(CALLBACK_WorkItem).call(DDI_IoDeleteDevice, device);
  EXPECT_EQ(run.fired(), names{});
}

TEST_F(RemoveLockCheck, SilentForAForgottenAcquisition) {
  hold(device).enter(CALLBACK_WorkItem).complete(request).leave(CALLBACK_WorkItem);
  remove().call(DDI_IoDeleteDevice, device);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
