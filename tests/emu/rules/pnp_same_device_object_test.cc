#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(PnpSameDeviceObject, IsSaidByTheKernel) {
  EventList run;
  run.trace.notes.emplace_back("what it saw");
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::PnpSameDeviceObject), 1);
  EXPECT_EQ(run.fired(), names{"PnpSameDeviceObject"});
  EXPECT_EQ(run.finding().message, "what it saw");
}

TEST(PnpSameDeviceObject, SilentWhenDisabled) {
  EventList run;
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::PnpSameDeviceObject));
  EXPECT_EQ(run.fired({"PnpSameDeviceObject"}), names{});
}

}  // namespace
}  // namespace wdm
