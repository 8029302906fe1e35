#include <gtest/gtest.h>

#include "emu/rules/ddi_set.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kJudged[] = {CALLBACK_Dpc,         CALLBACK_StartIo,   CALLBACK_WorkItem, CALLBACK_Completion,
                                 CALLBACK_Cancel,      CALLBACK_Thread,    CALLBACK_Isr,      CALLBACK_Unload,
                                 CALLBACK_DriverEntry, CALLBACK_AddDevice};

bool judged_elsewhere(std::uint16_t ddi) {
  return irql_ke_dispatch_lte_ddis().contains(ddi) || irql_dispatch_exact_ddis().contains(ddi) ||
         irql_dispatch_at_least_ddis().contains(ddi) || irql_ps_passive_ddis().contains(ddi);
}

names fired(std::uint16_t ddi, std::uint8_t irql) {
  EventList run;
  run.at(irql).enter(CALLBACK_Other).call(ddi);
  return run.fired();
}

TEST(IrqlContract, ExactlyTheAllowedLevelsOfEveryDdi) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (judged_elsewhere(ddi)) continue;
    const DdiInfo& info = ddi_info(ddi);
    for (std::uint8_t irql = 0; irql <= 15; ++irql) {
      const bool allowed = irql >= info.min_irql && irql <= info.max_irql;
      EXPECT_EQ(fired(ddi, irql), allowed ? names{} : names{"IrqlContract"}) << info.name << " at " << int(irql);
    }
  }
}

TEST(IrqlContract, NoDdiIsReportedTwice) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    for (std::uint8_t irql = 0; irql <= 15; ++irql) EXPECT_LE(fired(ddi, irql).size(), 1u) << ddi_name(ddi);
  }
}

TEST(IrqlContract, FiresWhenARoutineReturnsElsewhere) {
  for (std::uint32_t callback : kJudged) {
    EventList run;
    run.enter(callback).raise(2).leave(callback);
    EXPECT_EQ(run.fired(), names{"IrqlContract"}) << callback;
  }
}

TEST(IrqlContract, SilentWhenARoutineReturnsWhereItWasCalled) {
  for (std::uint32_t callback : kJudged) {
    EventList run;
    run.enter(callback).raise(2).lower(0).leave(callback);
    EXPECT_EQ(run.fired(), names{}) << callback;
  }
}

TEST(IrqlContract, FiresWhenADpcLowers) {
  EventList run;
  run.at(2).enter(CALLBACK_Dpc).lower(0).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{"IrqlContract"});
  EXPECT_NE(run.finding().message.find("0xC8"), std::string::npos);
}

TEST(IrqlContract, SilentForQueueCallbackThatRaises) {
  EventList run;
  run.enter(CALLBACK_Csq).raise(2).leave(CALLBACK_Csq);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlContract, FiresWhenTheCancelLockIsGivenBackWithAnotherIrql) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.at(0).acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).release(lock, 2, MACH_LOCK_CANCEL);
  run.leave(CALLBACK_Cancel);
  EXPECT_EQ(run.fired(), names{"IrqlContract"});
}

TEST(IrqlContract, SilentWhenTheCancelLockIsGivenBackWithCancelIrql) {
  for (std::uint8_t irql : {0, 1, 2}) {
    EventList run;
    const ObjectId lock = run.raw_lock();
    run.at(irql).acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).release(lock, irql, MACH_LOCK_CANCEL);
    run.leave(CALLBACK_Cancel);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(IrqlContract, FiresForWhatTheKernelSaw) {
  EventList run;
  run.trace.notes.push_back("KeWaitForSingleObject with a timeout at DISPATCH_LEVEL");
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::IrqlContract), 1);
  EXPECT_EQ(run.fired(), names{"IrqlContract"});
  EXPECT_EQ(run.finding().message, run.trace.notes[0]);
}

TEST(IrqlContract, SilentWhenDisabled) {
  EventList run;
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::IrqlContract), 0);
  EXPECT_EQ(run.fired({"IrqlContract"}), names{});
}

}  // namespace
}  // namespace wdm
