#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

constexpr std::uint16_t kAttach[] = {DDI_IoAttachDevice, DDI_IoAttachDeviceToDeviceStack, DDI_IoAttachDeviceToDeviceStackSafe};

TEST(AddDevice, FiresWhenNoDeviceWasMade) {
  for (const std::uint16_t attach : kAttach) {
    EventList run;
    const ObjectId device = run.object(OBJECT_Device);
    run.enter(CALLBACK_AddDevice).call(attach, device).call(DDI_IoCreateDevice).leave(CALLBACK_AddDevice);
    EXPECT_EQ(run.fired(), names{"AddDevice"});
    EXPECT_EQ(run.finding().event, run.last() - 2);
  }
}

TEST(AddDevice, FiresWhenTheDeviceWasMadeForAnother) {
  EventList run;
  const ObjectId device = run.object(OBJECT_Device);
  run.enter(CALLBACK_AddDevice).call(DDI_IoCreateDevice).call(kAttach[0], device).leave(CALLBACK_AddDevice);
  run.enter(CALLBACK_AddDevice).call(kAttach[0], device).leave(CALLBACK_AddDevice);
  EXPECT_EQ(run.fired(), names{"AddDevice"});
}

TEST(AddDevice, SilentInTheRightOrder) {
  for (const std::uint16_t attach : kAttach) {
    for (const std::uint16_t create : {DDI_IoCreateDevice, DDI_IoCreateDeviceSecure}) {
      EventList run;
      run.enter(CALLBACK_AddDevice).call(create).call(attach, run.object(OBJECT_Device)).leave(CALLBACK_AddDevice);
      EXPECT_EQ(run.fired(), names{});
    }
  }
}

TEST(AddDevice, SilentElsewhere) {
  for (const std::uint32_t callback : {CALLBACK_DriverEntry, CALLBACK_Dispatch, CALLBACK_Other}) {
    EventList run;
    run.enter(callback).call(kAttach[1], run.object(OBJECT_Device)).leave(callback);
    EXPECT_EQ(run.fired(), names{});
  }
}

}  // namespace
}  // namespace wdm
