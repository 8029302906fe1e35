#include <gtest/gtest.h>

#include "emu/rules/ddi_set.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(IrqlPsPassive, FiresAbovePassiveLevelForEachListedDdi) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (!irql_ps_passive_ddis().contains(ddi)) continue;
    for (std::uint8_t irql : {1, 2, 5}) {
      EventList run;
      run.at(irql).enter(CALLBACK_Other).call(ddi);
      EXPECT_EQ(run.fired(), names{"IrqlPsPassive"}) << ddi_name(ddi);
    }
  }
}

TEST(IrqlPsPassive, SilentAtPassiveLevelForEachListedDdi) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (!irql_ps_passive_ddis().contains(ddi)) continue;
    EventList run;
    run.at(0).enter(CALLBACK_Dispatch).call(ddi);
    EXPECT_EQ(run.fired(), names{}) << ddi_name(ddi);
  }
}

TEST(IrqlPsPassive, NamesTheRoutine) {
  EventList run;
  run.at(2).enter(CALLBACK_Other).call(DDI_PsGetVersion);
  EXPECT_EQ(run.finding().message, "PsGetVersion called at DISPATCH_LEVEL, not at PASSIVE_LEVEL");
}

TEST(IrqlPsPassive, SilentForUnlistedDdi) {
  EventList run;
  run.at(2).enter(CALLBACK_Other).call(DDI_PsGetCurrentThreadId);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
