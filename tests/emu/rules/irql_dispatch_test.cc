#include <gtest/gtest.h>

#include "emu/rules/ddi_set.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

// Which rules fire for a call of `ddi` at `irql`.
names fired(std::uint16_t ddi, std::uint8_t irql) {
  EventList run;
  run.at(irql).enter(CALLBACK_Dispatch).call(ddi);
  return run.fired();
}

TEST(IrqlDispatch, FiresBelowDispatchLevel) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (!irql_dispatch_at_least_ddis().contains(ddi) && !irql_dispatch_exact_ddis().contains(ddi)) continue;
    for (std::uint8_t irql : {0, 1}) EXPECT_EQ(fired(ddi, irql), names{"IrqlDispatch"}) << ddi_name(ddi);
  }
}

TEST(IrqlDispatch, SilentAtDispatchLevel) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (!irql_dispatch_at_least_ddis().contains(ddi) && !irql_dispatch_exact_ddis().contains(ddi)) continue;
    EXPECT_EQ(fired(ddi, 2), names{}) << ddi_name(ddi);
  }
}

TEST(IrqlDispatch, FiresAboveDispatchLevelForExactOnes) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (irql_dispatch_exact_ddis().contains(ddi)) EXPECT_EQ(fired(ddi, 5), names{"IrqlDispatch"}) << ddi_name(ddi);
  }
}

TEST(IrqlDispatch, SilentAboveDispatchLevelForAtDpcLevel) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (irql_dispatch_at_least_ddis().contains(ddi)) EXPECT_EQ(fired(ddi, 5), names{}) << ddi_name(ddi);
  }
}

TEST(IrqlDispatch, SilentWhenRaisedByTheDriver) {  // DISPATCH_LEVEL by KeRaiseIrql is as good as in a DPC
  const std::uint16_t acquire = find_ddi("KeAcquireSpinLockAtDpcLevel");
  if (acquire == DDI_None) GTEST_SKIP() << "ddis.def has no KeAcquireSpinLockAtDpcLevel";
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).raise(2).call(acquire).acquire(lock, kAtDpc).release(lock, 2, kAtDpc).lower(0);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlDispatch, FiresWhenNotRaised) {
  const std::uint16_t acquire = find_ddi("KeAcquireSpinLockAtDpcLevel");
  if (acquire == DDI_None) GTEST_SKIP() << "ddis.def has no KeAcquireSpinLockAtDpcLevel";
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).call(acquire).acquire(lock, kAtDpc).release(lock, 0, kAtDpc).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{"IrqlDispatch"});
}

}  // namespace
}  // namespace wdm
