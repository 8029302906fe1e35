#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(DeviceAfterUnload, FiresForADeviceThatIsLeft) {
  EventList run;
  const ObjectId device = run.object(OBJECT_Device);
  run.enter(CALLBACK_DriverEntry).call(DDI_IoCreateSymbolicLink, device);
  const std::uint32_t place = run.last();
  run.leave(CALLBACK_DriverEntry).enter(CALLBACK_Unload).leave(CALLBACK_Unload);
  run.outside([&] { run.add(EVENT_EndDevice, device); });
  EXPECT_EQ(run.fired(), names{"DeviceAfterUnload"});
  EXPECT_EQ(run.finding().event, place);
}

TEST(DeviceAfterUnload, FiresWhenDriverEntryFails) {
  for (const std::uint64_t status : {0u, 0xC0000001u}) {
    EventList run;
    const ObjectId device = run.object(OBJECT_Device);
    run.enter(CALLBACK_DriverEntry).leave(CALLBACK_DriverEntry, 0, status);
    run.outside([&] { run.add(EVENT_EndDevice, device); });
    EXPECT_EQ(run.fired(), status == 0 ? names{} : names{"DeviceAfterUnload"});
  }
}

TEST(DeviceAfterUnload, SilentForADriverThatIsNotUnloaded) {
  EventList run;
  const ObjectId device = run.object(OBJECT_Device);
  run.enter(CALLBACK_AddDevice).leave(CALLBACK_AddDevice).enter(CALLBACK_Dispatch).leave(CALLBACK_Dispatch);
  run.outside([&] { run.add(EVENT_EndDevice, device); });
  EXPECT_EQ(run.fired(), names{});
}

TEST(DeviceAfterUnload, SilentWhenNoneIsLeft) {
  EventList run;
  run.enter(CALLBACK_DriverEntry).leave(CALLBACK_DriverEntry).enter(CALLBACK_Unload).leave(CALLBACK_Unload);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
