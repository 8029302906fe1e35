#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

EventList said(RuleId rule) {
  EventList run;
  run.trace.notes.emplace_back("asked for");
  run.add(EVENT_Violation, 0, static_cast<std::uint64_t>(rule), 1);
  return run;
}

TEST(RequestedPowerIrp, FiresWhenTheKernelSaysSo) {
  EXPECT_EQ(said(RuleId::RequestedPowerIrp).fired(), names{"RequestedPowerIrp"});
  EXPECT_EQ(said(RuleId::RequestedPowerIrp).finding().message, "asked for");
}

TEST(RequestedPowerIrp, SilentWhenDisabled) {
  EXPECT_EQ(said(RuleId::RequestedPowerIrp).fired({"RequestedPowerIrp"}), names{});
}

}  // namespace
}  // namespace wdm
