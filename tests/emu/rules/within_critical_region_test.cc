#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

// From events there is nothing to see: the kernel says it (tests/emu/nt/resource_test.cc).
TEST(WithinCriticalRegion, FiresWhenTheKernelSaysSo) {
  EventList run;
  const ObjectId resource = run.object(OBJECT_Resource);
  run.enter(CALLBACK_WorkItem).add(EVENT_Violation, resource, static_cast<std::uint64_t>(RuleId::WithinCriticalRegion));
  EXPECT_EQ(run.fired(), names{"WithinCriticalRegion"});
}

TEST(WithinCriticalRegion, SilentOtherwise) {
  EventList run;
  const ObjectId resource = run.object(OBJECT_Resource);
  run.enter(CALLBACK_WorkItem).add(EVENT_Own, resource, 2).add(EVENT_Disown, resource, 2).leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
