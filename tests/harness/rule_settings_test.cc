#include "harness/rule_settings.h"

#include <gtest/gtest.h>

namespace wdm {
namespace {

TEST(RuleSettings, TextAndBack) {
  const std::vector<RuleSetting> settings = {{RuleSetting::Kind::on, "LockHeldAcrossCall", ""},
                                             {RuleSetting::Kind::off, "PoolLeak", ""},
                                             {RuleSetting::Kind::suppress, "SpinLockSafe", "Complete"},
                                             {RuleSetting::Kind::suppress, "heap-use-after-free", "*"}};
  const auto read = rule_settings_from(rule_settings_text(settings));
  ASSERT_EQ(read.size(), settings.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].kind, settings[i].kind);
    EXPECT_EQ(read[i].rule, settings[i].rule);
    EXPECT_EQ(read[i].function, settings[i].function);
  }
}

TEST(RuleSettings, TextOfANewerVersionIsPassedOver) {
  EXPECT_TRUE(rule_settings_from("").empty());
  EXPECT_EQ(rule_settings_from("sometimes SpinLock\noff SpinLock\n").size(), 1u);
}

TEST(RuleSettings, UnknownRulesNameTheirNeighbours) {
  EXPECT_EQ(unknown_rule("SpinLock"), "");
  EXPECT_NE(unknown_rule("spinlock").find("nearest are SpinLock, "), std::string::npos);
  EXPECT_NE(unknown_rule("SpinLok").find("nearest are SpinLock, "), std::string::npos);
  EXPECT_NE(unknown_rule("cancelroutine").find("nearest are CancelRoutineSetBelow, CancelRoutineStillSet and "), std::string::npos);
}

}  // namespace
}  // namespace wdm
