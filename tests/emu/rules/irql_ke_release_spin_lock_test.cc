#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(IrqlKeReleaseSpinLock, NewIrqlHasToBeThatOfTheAcquire) {
  for (std::uint8_t before : {0, 1, 2}) {
    for (std::uint8_t restored : {0, 1, 2}) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(before).enter(CALLBACK_Dispatch).acquire(lock).release(lock, restored).lower(before).leave(CALLBACK_Dispatch);
      EXPECT_EQ(run.fired(), before == restored ? names{} : names{"IrqlKeReleaseSpinLock"}) << int(before) << int(restored);
    }
  }
}

TEST(IrqlKeReleaseSpinLock, FiresAwayFromDispatchLevel) {
  for (std::uint8_t irql : {0, 1, 5}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.enter(CALLBACK_Dispatch).acquire(lock).at(irql).release(lock, 0).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{"IrqlKeReleaseSpinLock"}) << int(irql);
  }
}

TEST(IrqlKeReleaseSpinLock, SilentForLeaningOnTheLastRelease) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).raise(2).acquire(lock).release(lock, 2).lower(0).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

// Acquire A, acquire B; then both orders of release with every pair of IRQLs. Legal: the first release keeps
// DISPATCH_LEVEL, the second restores what was before A.
TEST(IrqlKeReleaseSpinLock, EveryReleaseOfTwoLocks) {
  for (std::uint8_t before : {0, 1}) {
    for (bool a_first : {false, true}) {
      for (std::uint8_t first : {0, 1, 2}) {
        for (std::uint8_t second : {0, 1, 2}) {
          EventList run;
          const ObjectId a = run.lock(), b = run.lock();
          run.at(before).enter(CALLBACK_Dispatch).acquire(a).acquire(b);
          run.release(a_first ? a : b, first);
          if (first == 2) run.release(a_first ? b : a, second);
          const bool legal = first == 2 && second == before;
          const names fired = run.fired();
          EXPECT_EQ(fired, legal ? names{} : names{"IrqlKeReleaseSpinLock"})
              << int(before) << a_first << int(first) << int(second);
        }
      }
    }
  }
}

TEST(IrqlKeReleaseSpinLock, FiresWhenItLowersWithAnotherLockHeld) {
  for (std::uint32_t other :
       {MACH_LOCK_SPIN + 0u, MACH_LOCK_QUEUED + 0u, MACH_LOCK_CANCEL + 0u, MACH_LOCK_SPIN | kAtDpc}) {
    EventList run;
    const ObjectId a = run.lock(), b = run.lock();
    run.enter(CALLBACK_Dispatch).acquire(a).acquire(b, other).release(a, 0);
    EXPECT_EQ(run.fired(), names{"IrqlKeReleaseSpinLock"}) << other;
    EXPECT_NE(run.finding().message.find("while Lock B is still held"), std::string::npos);
  }
}

TEST(IrqlKeReleaseSpinLock, SilentForHandOverHandAlongAChain) {
  EventList run;
  const ObjectId locks[] = {run.lock(), run.lock(), run.lock(), run.lock()};
  run.enter(CALLBACK_Dispatch).acquire(locks[0]);
  for (int next = 1; next < 4; ++next) run.acquire(locks[next]).release(locks[next - 1], 2);
  run.release(locks[3], 0).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlKeReleaseSpinLock, SilentWhenTheFirstIsReleasedFromDpcLevel) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a).acquire(b, kAtDpc).release(a, 2, kAtDpc).release(b, 0);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlKeReleaseSpinLock, FiresForAtDpcLevelLockWithLowIrql) {
  for (std::uint8_t irql : {0, 1}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dpc).acquire(lock, kAtDpc).release(lock, irql).raise(2).leave(CALLBACK_Dpc);
    EXPECT_EQ(run.fired(), names{"IrqlKeReleaseSpinLock"});
  }
}

TEST(IrqlKeReleaseSpinLock, SilentForAtDpcLevelLockWithDispatchLevel) {
  for (bool tried : {false, true}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dpc);
    if (tried) run.tried(lock);
    else run.acquire(lock, kAtDpc);
    run.release(lock, 2).leave(CALLBACK_Dpc);
    EXPECT_EQ(run.fired(), names{});
  }
}

// KeRaiseIrql(&old), KeAcquireSpinLockAtDpcLevel, KeReleaseSpinLock(old).
TEST(IrqlKeReleaseSpinLock, AtDpcLevelLockMayRestoreWhatTheLastRaiseSaved) {
  for (std::uint8_t before : {0, 1}) {
    for (std::uint8_t restored : {0, 1}) {
      for (bool undone : {false, true}) {
        EventList run;
        const ObjectId lock = run.lock();
        run.at(before).enter(CALLBACK_Dispatch).inside(DDI_KfRaiseIrql).raise(2).inside(DDI_None);
        run.acquire(lock, kAtDpc).release(lock, 2, kAtDpc);  // around the loop
        if (undone) run.inside(DDI_KfLowerIrql).lower(before).inside(DDI_None).at(2);
        run.acquire(lock, kAtDpc).release(lock, restored).lower(before).leave(CALLBACK_Dispatch);
        EXPECT_EQ(run.fired(), before == restored && !undone ? names{} : names{"IrqlKeReleaseSpinLock"})
            << int(before) << int(restored) << undone;
      }
    }
  }
}

TEST(IrqlKeReleaseSpinLock, SilentForLockThatIsNotHeld) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dpc).release(lock, 2).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{"SpinlockRelease"});
}

TEST(IrqlKeReleaseSpinLock, SilentForInterlockedListAtAnyIrql) {
  const std::uint16_t insert = find_ddi("ExInterlockedInsertHeadList");
  if (insert == DDI_None) GTEST_SKIP() << "ddis.def has no ExInterlockedInsertHeadList";
  EventList run;
  const ObjectId lock = run.lock();
  run.at(5).enter(CALLBACK_Isr).inside(insert).add(EVENT_LockAttempt, lock).add(EVENT_LockAcquired, lock, 5);
  run.add(EVENT_LockRelease, lock, 5).inside(DDI_None).leave(CALLBACK_Isr);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
