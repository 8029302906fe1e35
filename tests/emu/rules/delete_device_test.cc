#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct Stack {
  EventList run;
  ObjectId device = run.object(OBJECT_Device), lower = run.object(OBJECT_Device), irp = run.irp();

  explicit Stack(bool attached = true) {
    run.enter(CALLBACK_AddDevice).call(DDI_IoCreateDevice);
    if (attached) run.call(DDI_IoAttachDeviceToDeviceStackSafe, device);
    run.leave(CALLBACK_AddDevice);
  }
  names advised() const { return run.advised({"DeleteDevice"}); }
  EventList& receive(std::uint8_t minor) { return run.dispatch(irp, major::kPnp, minor, device); }
};

TEST(DeleteDevice, FiresBeforePassingDown) {
  Stack stack;
  stack.receive(pnp::kRemove).call(DDI_IoDeleteDevice, stack.device);
  EXPECT_EQ(stack.advised(), names{"DeleteDevice"});
  EXPECT_EQ(stack.run.fired(), names{});
}

TEST(DeleteDevice, SilentAfterPassingDown) {
  Stack stack;
  stack.receive(pnp::kRemove).forward(stack.irp, major::kPnp, pnp::kRemove).forwarded(stack.irp);
  stack.run.call(DDI_IoDetachDevice, stack.lower).call(DDI_IoDeleteDevice, stack.device).leave(CALLBACK_Dispatch, stack.irp);
  EXPECT_EQ(stack.advised(), names{});
}

TEST(DeleteDevice, SilentForADeviceThatIsAtTheBottom) {
  Stack stack(false);
  stack.receive(pnp::kRemove).call(DDI_IoDeleteDevice, stack.device).complete(stack.irp).leave(CALLBACK_Dispatch, stack.irp);
  EXPECT_EQ(stack.advised(), names{});
}

TEST(DeleteDevice, SilentForAChild) {
  Stack stack;
  stack.receive(pnp::kRemove).call(DDI_IoDeleteDevice, stack.run.object(OBJECT_Device));
  EXPECT_EQ(stack.advised(), names{});
}

TEST(DeleteDevice, SilentOutsideADispatchRoutine) {
  Stack stack;
  stack.run.enter(CALLBACK_Unload).call(DDI_IoDeleteDevice, stack.device).leave(CALLBACK_Unload);
  EXPECT_EQ(stack.advised(), names{});
}

TEST(PnpSurpriseRemove, FiresForTheDevice) {
  for (const std::uint16_t ddi : {DDI_IoDetachDevice, DDI_IoDeleteDevice}) {
    for (const bool passed_down : {false, true}) {
      Stack stack;
      stack.receive(pnp::kSurpriseRemoval);
      if (passed_down) stack.run.forward(stack.irp, major::kPnp, pnp::kSurpriseRemoval).forwarded(stack.irp);
      stack.run.call(ddi, ddi == DDI_IoDetachDevice ? stack.lower : stack.device);
      EXPECT_EQ(stack.run.fired(), names{"PnpSurpriseRemove"});
    }
  }
}

TEST(PnpSurpriseRemove, SilentForAChild) {
  Stack stack;
  stack.receive(pnp::kSurpriseRemoval).call(DDI_IoDeleteDevice, stack.run.object(OBJECT_Device));
  EXPECT_EQ(stack.run.fired(), names{});
}

TEST(PnpSurpriseRemove, SilentForOtherRequests) {
  for (const std::uint8_t minor : {pnp::kStart, pnp::kQueryRemove, pnp::kCancelRemove}) {
    Stack stack;
    stack.receive(minor).call(DDI_IoDetachDevice, stack.lower).call(DDI_IoDeleteDevice, stack.device);
    EXPECT_EQ(stack.run.fired(), names{});
  }
}

}  // namespace
}  // namespace wdm
