#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(DebugBreakUsage, AdviceForABreakPoint) {
  for (const std::uint16_t ddi : {DDI_DbgBreakPoint, DDI_DbgBreakPointWithStatus}) {
    EventList run;
    run.enter(CALLBACK_DriverEntry).call(ddi).leave(CALLBACK_DriverEntry);
    EXPECT_EQ(run.advised({"DebugBreakUsage"}), names{"DebugBreakUsage"});
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(DebugBreakUsage, SilentForDebugOutput) {
  EventList run;
  run.enter(CALLBACK_DriverEntry).call(DDI_DbgPrint).leave(CALLBACK_DriverEntry);
  EXPECT_EQ(run.advised({"DebugBreakUsage"}), names{});
}

}  // namespace
}  // namespace wdm
