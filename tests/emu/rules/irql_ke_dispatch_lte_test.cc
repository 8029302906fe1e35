#include <gtest/gtest.h>

#include "emu/rules/ddi_set.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(IrqlKeDispatchLte, FiresAboveDispatchLevelForEachListedDdi) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (!irql_ke_dispatch_lte_ddis().contains(ddi)) continue;
    for (std::uint8_t irql : {3, 5, 12, 15}) {
      EventList run;
      run.at(irql).enter(CALLBACK_Isr).call(ddi);
      EXPECT_EQ(run.fired(), names{"IrqlKeDispatchLte"}) << ddi_name(ddi);
    }
  }
}

TEST(IrqlKeDispatchLte, SilentUpToDispatchLevelForEachListedDdi) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (!irql_ke_dispatch_lte_ddis().contains(ddi)) continue;
    for (std::uint8_t irql : {0, 1, 2}) {
      EventList run;
      run.at(irql).enter(CALLBACK_Dispatch).call(ddi);
      EXPECT_EQ(run.fired(), names{}) << ddi_name(ddi);
    }
  }
}

TEST(IrqlKeDispatchLte, FiresForTheMacroAsWell) {
  EventList run;
  run.at(5).enter(CALLBACK_Isr).call(DDI_KeAcquireSpinLockRaiseToDpc);
  EXPECT_EQ(run.finding().message, "KeAcquireSpinLockRaiseToDpc called at IRQL 5, above DISPATCH_LEVEL");
}

TEST(IrqlKeDispatchLte, SilentForUnlistedDdi) {
  EventList run;
  run.at(5).enter(CALLBACK_Isr).call(DDI_KeInitializeSpinLock);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
