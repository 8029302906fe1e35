// The tests of a rule that has nothing to see in events: it fires for what the kernel says, unless it is disabled. When the
// kernel says so is tested where it does, in tests/emu/nt or tests/harness.
#pragma once

#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {

inline EventList said(RuleId rule) {
  EventList run;
  run.trace.notes.emplace_back("what it saw");
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(rule), 1);
  return run;
}

}  // namespace wdm

#define SAID_BY_THE_KERNEL(rule)                                                 \
  TEST(rule, FiresWhenTheKernelSaysSo) {                                         \
    EXPECT_EQ(wdm::said(wdm::RuleId::rule).fired(), wdm::names{#rule});          \
    EXPECT_EQ(wdm::said(wdm::RuleId::rule).finding().message, "what it saw");    \
  }                                                                              \
  TEST(rule, SilentWhenDisabled) {                                               \
    EXPECT_EQ(wdm::said(wdm::RuleId::rule).fired({#rule}), wdm::names{});        \
  }
