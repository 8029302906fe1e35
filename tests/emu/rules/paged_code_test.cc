#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(PagedCode, FiresForWhatTheKernelSaw) {
  EventList run;
  run.trace.notes.push_back("seen at DISPATCH_LEVEL");
  run.add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::PagedCode), 1);
  EXPECT_EQ(run.fired(), names{"PagedCode"});
  EXPECT_EQ(run.finding().message, "seen at DISPATCH_LEVEL");
}

TEST(PagedCode, SilentWhenDisabled) {
  EventList run;
  run.add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::PagedCode), 0);
  EXPECT_EQ(run.fired({"PagedCode"}), names{});
}

}  // namespace
}  // namespace wdm
