#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(PagedPool, FiresForWhatTheKernelSaw) {
  EventList run;
  run.trace.notes.push_back("seen at DISPATCH_LEVEL");
  run.add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::PagedPool), 1);
  EXPECT_EQ(run.fired(), names{"PagedPool"});
  EXPECT_EQ(run.finding().message, "seen at DISPATCH_LEVEL");
}

TEST(PagedPool, SilentWhenDisabled) {
  EventList run;
  run.add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::PagedPool), 0);
  EXPECT_EQ(run.fired({"PagedPool"}), names{});
}

}  // namespace
}  // namespace wdm
