#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(NullCheck, IsSaidByTheKernel) {
  EventList run;
  run.trace.notes.emplace_back("what it saw");
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::NullCheck), 1);
  EXPECT_EQ(run.fired(), names{"NullCheck"});
  EXPECT_EQ(run.finding().message, "what it saw");
}

TEST(NullCheck, SilentWhenDisabled) {
  EventList run;
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::NullCheck));
  EXPECT_EQ(run.fired({"NullCheck"}), names{});
}

}  // namespace
}  // namespace wdm
