#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

constexpr std::uint16_t kRaises[] = {DDI_KfRaiseIrql, DDI_KeRaiseIrqlToDpcLevel, DDI_KeRaiseIrqlToSynchLevel};
constexpr std::uint16_t kLowers[] = {DDI_KeLowerIrql, DDI_KfLowerIrql};

class IrqlRun : public EventList {
 public:
  IrqlRun& driver_raises(std::uint8_t irql, std::uint16_t ddi = DDI_KfRaiseIrql) {
    inside(ddi).raise(irql).inside(DDI_None);
    return *this;
  }
  IrqlRun& driver_lowers(std::uint8_t irql, std::uint16_t ddi = DDI_KeLowerIrql) {
    inside(ddi).lower(irql).inside(DDI_None);
    return *this;
  }
};

// Once raised, then lowered to each level up to the raised one.
TEST(IrqlKeRaiseLower2, TheIrqlOfTheRaiseIsRestored) {
  for (std::uint16_t raise : kRaises) {
    for (std::uint16_t lower : kLowers) {
      for (std::uint8_t before : {0, 1, 2, 5}) {
        for (std::uint8_t restored = 0; restored < 12; ++restored) {
          IrqlRun run;
          run.at(before).enter(CALLBACK_Other);
          run.driver_raises(12, raise).driver_lowers(restored, lower);
          EXPECT_EQ(run.fired(), restored == before ? names{} : names{"IrqlKeRaiseLower2"})
              << int(before) << " " << int(restored);
        }
      }
    }
  }
}

TEST(IrqlKeRaiseLower2, NamesTheRaise) {
  IrqlRun run;
  run.enter(CALLBACK_Dispatch);
  run.driver_raises(1).driver_raises(2);
  const std::uint32_t raise = run.last();
  run.driver_lowers(0);
  const Finding finding = run.finding();
  EXPECT_EQ(finding.message, "KeLowerIrql restores PASSIVE_LEVEL, the raise before it was at APC_LEVEL");
  ASSERT_EQ(finding.evidence.size(), 1u);
  EXPECT_EQ(finding.evidence[0].event, raise);
}

TEST(IrqlKeRaiseLower2, SilentForNesting) {
  IrqlRun run;
  run.enter(CALLBACK_Dispatch);
  run.driver_raises(1).driver_raises(2).driver_lowers(1).driver_raises(2).driver_lowers(1).driver_lowers(0);
  run.driver_raises(2).driver_lowers(0).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlKeRaiseLower, FiresWithoutARaise) {
  for (std::uint32_t callback :
       {CALLBACK_Dpc, CALLBACK_StartIo, CALLBACK_Dispatch, CALLBACK_Completion, CALLBACK_Cancel}) {
    for (std::uint8_t irql : {0, 1}) {
      IrqlRun run;
      run.at(2).enter(callback);
      run.driver_lowers(irql);
      EXPECT_EQ(run.fired(), names{"IrqlKeRaiseLower"}) << callback;
    }
  }
}

TEST(IrqlKeRaiseLower, FiresForTheSecondLower) {
  IrqlRun run;
  run.at(1).enter(CALLBACK_Dispatch);
  run.driver_raises(2).driver_lowers(1).driver_lowers(0);
  EXPECT_EQ(run.fired(), names{"IrqlKeRaiseLower"});
}

TEST(IrqlKeRaiseLower, SilentForLoweringToTheCurrentLevel) {
  for (std::uint8_t irql : {0, 1, 2}) {
    IrqlRun run;
    run.at(irql).enter(CALLBACK_Dispatch);
    run.driver_lowers(irql).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{});
  }
}

// if (KeGetCurrentIrql() < DISPATCH_LEVEL) KeRaiseIrql(...); ... KeLowerIrql(...) inside of what did raise
TEST(IrqlKeRaiseLower, SilentForARaiseThatWasLeftOut) {
  IrqlRun run;
  run.enter(CALLBACK_Dispatch);
  run.driver_raises(2).driver_lowers(2).driver_raises(2).driver_lowers(2).driver_lowers(0).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

// Both locks are released FromDpcLevel in whatever order; then the driver lowers.
TEST(IrqlKeRaiseLower, SilentAfterLocksThatWereReleasedFromDpcLevel) {
  for (bool a_first : {false, true}) {
    IrqlRun run;
    const ObjectId a = run.lock(), b = run.lock();
    run.enter(CALLBACK_Dispatch).acquire(a).acquire(b);
    run.release(a_first ? a : b, 2, kAtDpc).release(a_first ? b : a, 2, kAtDpc);
    run.driver_lowers(0).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(IrqlKeRaiseLower, FiresForALevelThatNoAcquireSaved) {
  IrqlRun run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).release(lock, 2, kAtDpc);
  run.driver_lowers(1);
  EXPECT_EQ(run.fired(), names{"IrqlKeRaiseLower"});
}

TEST(IrqlKeRaiseLower, SilentForLocksBetweenRaiseAndLower) {
  IrqlRun run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch);
  run.driver_raises(1).acquire(a).acquire(b).release(a, 2).release(b, 1);
  run.driver_lowers(0).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlKeRaiseLower, SilentForCancelIrql) {
  for (std::uint8_t irql : {0, 1}) {
    IrqlRun run;
    const ObjectId lock = run.raw_lock();
    run.at(irql).acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).release(lock, 2, MACH_LOCK_CANCEL);
    run.driver_lowers(irql).leave(CALLBACK_Cancel);
    EXPECT_EQ(run.fired(), names{});
  }
}

// A DPC on the same thread neither sees the raise of what it interrupted nor hides it.
TEST(IrqlKeRaiseLower, InterruptedCodeRaisesForItself) {
  for (bool balanced : {false, true}) {
    IrqlRun run;
    run.enter(CALLBACK_Dispatch);
    run.driver_raises(1).at(2).enter(CALLBACK_Dpc);
    if (balanced) run.driver_raises(5).driver_lowers(2);
    else run.driver_lowers(0).at(2);
    run.leave(CALLBACK_Dpc).at(1);
    run.driver_lowers(0).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), balanced ? names{} : names{"IrqlKeRaiseLower"});
  }
}

TEST(IrqlKeRaiseLower, SilentForQueueCallbacks) {
  IrqlRun run;
  run.enter(CALLBACK_Dispatch).enter(CALLBACK_Csq);
  run.driver_raises(2).leave(CALLBACK_Csq).enter(CALLBACK_Csq);
  run.leave(CALLBACK_Csq).enter(CALLBACK_Csq);
  run.driver_lowers(0).leave(CALLBACK_Csq).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

// An exception ended the inner callback: it never left.
TEST(IrqlKeRaiseLower, SilentAcrossACallbackThatAnExceptionEnded) {
  IrqlRun run;
  run.enter(CALLBACK_Dispatch);
  run.driver_raises(2);
  const Event outer = run.trace.events.back();
  run.enter(CALLBACK_Completion);
  run.driver_lowers(0);
  Event& lower = run.trace.events.back();
  lower.depth = outer.depth;
  lower.activation = outer.activation;
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlKeRaiseLower, SilentForOtherThreads) {
  IrqlRun run;
  run.enter(CALLBACK_Dispatch);
  run.driver_raises(2).thread(2).enter(CALLBACK_Dispatch);
  run.driver_raises(1).thread(1);
  run.driver_lowers(0).leave(CALLBACK_Dispatch).thread(2);
  run.driver_lowers(0).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

// Lowered by a release: nothing of KeLowerIrql's.
TEST(IrqlKeRaiseLower, SilentForOtherRoutinesThatLower) {
  IrqlRun run;
  run.at(2).enter(CALLBACK_Other);
  run.driver_lowers(0, DDI_ExReleaseFastMutex);
  run.at(2).leave(CALLBACK_Other);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
