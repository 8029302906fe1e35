#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(BugCheck, FiresForWhatTheKernelSaw) {
  EventList run;
  run.trace.notes.push_back("bug check 0x1E");
  run.add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::BugCheck), 1);
  EXPECT_EQ(run.fired(), names{"BugCheck"});
  EXPECT_EQ(run.finding().message, "bug check 0x1E");
}

TEST(BugCheck, SilentWhenDisabled) {
  EventList run;
  run.add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::BugCheck), 0);
  EXPECT_EQ(run.fired({"BugCheck"}), names{});
}

}  // namespace
}  // namespace wdm
