#include <algorithm>

#include "tests/emu/machine/machine_fixture.h"

namespace wdm::test {
namespace {

using ::testing::Test;

std::uint64_t lock_word;
int dpc_a, dpc_b, timer_a, timer_b;

std::uint8_t acquire(std::uint32_t kind = MACH_LOCK_SPIN) {
  const auto old = machine().raise_irql(kDispatch, nullptr);
  machine().lock_acquire(&lock_word, kind, old, nullptr);
  return old;
}

void release(std::uint8_t old, std::uint32_t kind = MACH_LOCK_SPIN) {
  machine().lock_release(&lock_word, kind, old, nullptr);
  machine().lower_irql(old, nullptr);
}

TEST_F(MachineTest, OperationsRunInOrderWithoutDirectives) {
  run(2, {[&] { note("1"); point(); note("1"); }, [&] { note("2"); }});
  EXPECT_EQ(log_, (std::vector<std::string>{"1", "1", "2"}));
  EXPECT_EQ(result_.outcome, Outcome::clean);
  EXPECT_EQ(result_.stats.preemptions, 0u);
}

TEST_F(MachineTest, DirectiveSwitchesOnce) {
  preempt(1, 1, 2);
  run(2, {[&] { note("1"); point(); note("1"); }, [&] { note("2"); }});
  EXPECT_EQ(log_, (std::vector<std::string>{"1", "2", "1"}));
  EXPECT_EQ(result_.stats.preemptions, 1u);
}

TEST_F(MachineTest, OneProcessorAtDispatchLevelIsNotPreempted) {
  preempt(1, 1, 2);
  run(1, {[&] {
            const auto old = machine().raise_irql(kDispatch, nullptr);
            point();
            note("1");
            machine().lower_irql(old, nullptr);
          },
          [&] { note("2"); }});
  EXPECT_EQ(log_, (std::vector<std::string>{"1", "2"}));
}

TEST_F(MachineTest, TwoProcessorsAtDispatchLevelRunSideBySide) {
  preempt(1, 1, 2);
  const auto raised = [&](const char* name) {
    return [this, name] {
      const auto old = machine().raise_irql(kDispatch, nullptr);
      point();
      note(name);
      machine().lower_irql(old, nullptr);
    };
  };
  run(2, {raised("1"), raised("2")});
  EXPECT_EQ(log_, (std::vector<std::string>{"2", "1"}));
}

TEST_F(MachineTest, SpinLockExcludes) {
  schedule_.strategy = StrategyId::random;
  schedule_.runs = 300;
  int inside = 0, most = 0;
  const auto work = [&] {
    for (int i = 0; i < 3; ++i) {
      const auto old = acquire();
      most = std::max(most, ++inside);
      point();
      --inside;
      release(old);
    }
  };
  run(3, {work, work, work});
  EXPECT_EQ(result_.outcome, Outcome::clean);
  EXPECT_EQ(most, 1);
}

TEST_F(MachineTest, QueuedLockIsGrantedInOrderOfArrival) {
  preempt(1, 1, 2);
  preempt(2, 1, 3);
  run(3, {[&] {
            const auto old = acquire(MACH_LOCK_QUEUED);
            point();
            release(old, MACH_LOCK_QUEUED);
          },
          [&] {
            const auto old = acquire(MACH_LOCK_QUEUED);
            note("2");
            release(old, MACH_LOCK_QUEUED);
          },
          [&] {
            const auto old = acquire(MACH_LOCK_QUEUED);
            note("3");
            release(old, MACH_LOCK_QUEUED);
          }});
  std::sort(log_.begin(), log_.end());
  EXPECT_EQ(log_, (std::vector<std::string>{"2", "3"}));
  std::vector<unsigned> attempts, grants;
  for (const Event& e : events(EVENT_LockAttempt)) attempts.push_back(e.thread);
  for (const Event& e : events(EVENT_LockAcquired)) grants.push_back(e.thread);
  EXPECT_EQ(attempts, grants);
}

TEST_F(MachineTest, SelfDeadlockIsStuck) {
  run(2, {[&] {
    acquire();
    acquire();
  }});
  EXPECT_EQ(result_.outcome, Outcome::driver_bug);
  ASSERT_EQ(events(EVENT_Stuck).size(), 1u);
  EXPECT_EQ(events(EVENT_Stuck)[0].arg, 1u);
  EXPECT_EQ(events(EVENT_Stuck)[0].arg2, 2u);  // held by thread 1
}

TEST_F(MachineTest, TryFailsOnHeldLock) {
  bool first = false, second = true;
  run(1, {[&] {
    machine().raise_irql(kDispatch, nullptr);
    first = machine().lock_try(&lock_word, MACH_LOCK_SPIN, 0, nullptr);
    second = machine().lock_try(&lock_word, MACH_LOCK_SPIN, 0, nullptr);
  }});
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
}

TEST_F(MachineTest, DpcQueuedBelowDispatchLevelRunsAtOnceNested) {
  on_dpc = [&](void*) { note("dpc at " + std::to_string(machine().irql())); };
  run(1, {[&] {
    note("before");
    machine().dpc_queue(0, &dpc_a, false);
    note("after at " + std::to_string(machine().irql()));
  }});
  EXPECT_EQ(log_, (std::vector<std::string>{"before", "dpc at 2", "after at 0"}));
}

TEST_F(MachineTest, DpcQueuedAtDispatchLevelWaitsForTheLowering) {
  on_dpc = [&](void* dpc) { note(dpc == &dpc_a ? "a" : "b"); };
  run(1, {[&] {
    machine().raise_irql(kDispatch, nullptr);
    machine().dpc_queue(0, &dpc_a, false);
    machine().dpc_queue(0, &dpc_b, true);
    note("raised");
    machine().lower_irql(kPassive, nullptr);
    note("lowered");
  }});
  EXPECT_EQ(log_, (std::vector<std::string>{"raised", "b", "a", "lowered"}));
}

TEST_F(MachineTest, DpcOfAnIdleProcessorRuns) {
  on_dpc = [&](void*) { note("dpc on " + std::to_string(machine().cpu())); };
  run(2, {[&] {
    machine().dpc_queue(1, &dpc_a, false);
    note("queued");
  }});
  EXPECT_EQ(log_, (std::vector<std::string>{"queued", "dpc on 1"}));
}

TEST_F(MachineTest, RemovedDpcDoesNotRun) {
  on_dpc = [&](void*) { note("dpc"); };
  run(1, {[&] {
    machine().raise_irql(kDispatch, nullptr);
    machine().dpc_queue(0, &dpc_a, false);
    EXPECT_TRUE(machine().dpc_remove(&dpc_a));
    EXPECT_FALSE(machine().dpc_remove(&dpc_a));
    machine().lower_irql(kPassive, nullptr);
  }});
  EXPECT_TRUE(log_.empty());
}

TEST_F(MachineTest, FlushWaitsForAProcessorThatMayRunADpc) {
  preempt(1, 1, 2);
  preempt(2, 1, 1);
  run(2, {[&] { point(); machine().dpc_flush(nullptr); note("flushed"); },
          [&] {
            const auto old = machine().raise_irql(kDispatch, nullptr);
            point();
            note("raised");
            machine().lower_irql(old, nullptr);
          }});
  EXPECT_EQ(log_, (std::vector<std::string>{"raised", "flushed"}));
  EXPECT_EQ(result_.outcome, Outcome::clean);
}

TEST_F(MachineTest, FlushWaitsForEachProcessorOnceAndNotForQuiet) {
  preempt(1, 1, 2);
  preempt(2, 1, 1);
  preempt(2, 2, 1);
  run(2, {[&] { point(); machine().dpc_flush(nullptr); note("flushed"); },
          [&] {
            const auto old = machine().raise_irql(kDispatch, nullptr);
            point();
            machine().lower_irql(old, nullptr);
            point();
            note("goes on");
          }});
  EXPECT_EQ(log_, (std::vector<std::string>{"flushed", "goes on"}));
  EXPECT_EQ(result_.outcome, Outcome::clean);
}

TEST_F(MachineTest, FlushHasRunWhatAnIdleProcessorHadQueued) {
  on_dpc = [&](void*) { note("dpc"); };
  run(2, {[&] {
    machine().dpc_queue(1, &dpc_a, false);
    machine().dpc_flush(nullptr);
    note("flushed");
  }});
  EXPECT_EQ(log_, (std::vector<std::string>{"dpc", "flushed"}));
}

TEST_F(MachineTest, FlushThatCanNeverEndIsStuck) {
  preempt(1, 1, 2);
  preempt(2, 1, 1);
  run(2, {[&] { point(); machine().dpc_flush(nullptr); },
          [&] {
            acquire();
            point();
            acquire();
          }});
  EXPECT_EQ(result_.outcome, Outcome::driver_bug);
  EXPECT_EQ(events(EVENT_Stuck).size(), 1u);
}

TEST_F(MachineTest, TimersFireInOrderOfDueTime) {
  on_timer = [&](void* timer) { note(timer == &timer_a ? "a" : "b"); };
  run(1, {[&] {
    const auto now = machine().time();
    machine().timer_set(&timer_a, now + 200, 0);
    machine().timer_set(&timer_b, now + 100, 0);
    machine().block(now + 300, nullptr, nullptr);
    EXPECT_EQ(machine().time(), now + 300);
  }});
  EXPECT_EQ(log_, (std::vector<std::string>{"b", "a"}));
}

// However often the schedule lets the clock tick while others can run, time still passes when nobody can.
TEST_F(MachineTest, ChosenTicksLeaveThoseOfIdleTime) {
  on_timer = [&](void*) { machine().timer_set(&timer_a, machine().time() + 10, 0); };
  for (std::uint16_t n = 1; n <= limits::kMaxChosenFires; ++n) preempt(1, n, kActorClock);
  run(1, {[&] {
    const auto start = machine().time();
    machine().timer_set(&timer_a, start + 10, 0);
    for (unsigned i = 0; i <= limits::kMaxChosenFires; ++i) point();
    EXPECT_EQ(machine().time(), start + 10 * limits::kMaxChosenFires);
    machine().block(machine().time() + 1000, nullptr, nullptr);
    note("woken");
  }});
  EXPECT_EQ(log_, (std::vector<std::string>{"woken"}));
}

TEST_F(MachineTest, KnowsWhetherAnEarlierTimerIsStillToCome) {
  run(1, {[&] {
    machine().timer_set(&timer_a, machine().time() + 100, 0);
    const std::uint64_t count = machine().timers_set();
    machine().timer_set(&timer_b, machine().time() + 10, 0);
    EXPECT_TRUE(machine().has_timer_set_before(count));
    machine().timer_cancel(&timer_a);
    EXPECT_FALSE(machine().has_timer_set_before(count));
  }});
}

TEST_F(MachineTest, CancelledTimerDoesNotFire) {
  on_timer = [&](void*) { note("fired"); };
  run(1, {[&] {
    machine().timer_set(&timer_a, machine().time() + 1, 0);
    EXPECT_TRUE(machine().timer_cancel(&timer_a));
    EXPECT_FALSE(machine().timer_cancel(&timer_a));
    machine().block(machine().time() + 10, nullptr, nullptr);
  }});
  EXPECT_TRUE(log_.empty());
}

TEST_F(MachineTest, WakeEndsABlock) {
  std::uint32_t reason = 0;
  run(1, {[&] { reason = machine().block(0, nullptr, nullptr); }, [&] { machine().wake(1, 7); }});
  EXPECT_EQ(reason, 7u);
  EXPECT_EQ(result_.outcome, Outcome::clean);
}

TEST_F(MachineTest, StepLimitIsALimit) {
  options_.max_steps = 100;
  run(1, {[&] {
    for (;;) point();
  }});
  EXPECT_EQ(result_.outcome, Outcome::limit);
}

TEST_F(MachineTest, DecisionsReplay) {
  std::vector<std::string> seen;
  const auto work = [&](const char* name) {
    return [this, name] {
      for (int i = 0; i < 4; ++i) {
        point(&lock_word);
        note(name);
      }
    };
  };
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    schedule_ = {};
    schedule_.strategy = StrategyId::random;
    schedule_.seed = seed;
    schedule_.runs = 2;
    log_.clear();
    run(3, {work("1"), work("2"), work("3")});
    // The log has both runs; the second is the random one.
    const std::vector<std::string> random(log_.begin() + static_cast<std::ptrdiff_t>(log_.size() / 2), log_.end());
    Schedule replay;
    replay.directives = machine().decisions();
    schedule_ = replay;
    log_.clear();
    run(3, {work("1"), work("2"), work("3")});
    ASSERT_EQ(log_, random) << "seed " << seed;
    ASSERT_EQ(machine().decisions(), replay.directives) << "seed " << seed;
  }
}

TEST_F(MachineTest, SameInputSameTrace) {
  schedule_.strategy = StrategyId::pos;
  schedule_.runs = 5;
  on_dpc = [&](void*) { point(); };
  on_timer = [&](void*) { machine().dpc_queue(0, &dpc_b, false); };
  const auto work = [&] {
    machine().timer_set(&timer_a, machine().time() + 5, 0);
    const auto old = acquire();
    point();
    machine().dpc_queue(1, &dpc_a, false);
    release(old);
    machine().timer_cancel(&timer_a);
  };
  run(2, {work, work});
  const auto first = machine().trace().events;
  lock_word = 0;
  run(2, {work, work});
  EXPECT_EQ(first, machine().trace().events);
}

TEST_F(MachineTest, PoolIsReportedAsLeftOver) {
  run(1, {}, [&] {
    void* kept = machine().pool_alloc(10, 0x31323334, 0, nullptr);
    void* freed = machine().pool_alloc(20, 0x31323334, 0, nullptr);
    EXPECT_EQ(machine().pool_size(kept), 10u);
    machine().pool_free(freed, 0, nullptr);
    machine().report_leftovers();
  });
  ASSERT_EQ(events(EVENT_EndPool).size(), 1u);
  EXPECT_EQ(events(EVENT_EndPool)[0].arg, 10u);
}

TEST_F(MachineTest, FreeingTheMemoryOfAQueuedDpcIsNoted) {
  run(1, {}, [&] {
    char* block = static_cast<char*>(machine().pool_alloc(100, 1, 0, nullptr));
    machine().object(OBJECT_Dpc, block + 16);
    machine().raise_irql(kDispatch, nullptr);
    machine().dpc_queue(0, block + 16, false);
    machine().pool_free(block, 1, nullptr);
    machine().dpc_remove(block + 16);
    machine().lower_irql(kPassive, nullptr);
  });
  EXPECT_EQ(events(EVENT_DpcFreed).size(), 1u);
}

TEST_F(MachineTest, UserMemoryIsItsOwnRange) {
  run(1, {}, [&] {
    void* user = machine().user_alloc(100);
    int local = 0;
    EXPECT_TRUE(machine().user_address(user));
    EXPECT_TRUE(machine().user_mapped(user, 100));
    EXPECT_FALSE(machine().user_address(&local));
  });
}

std::uint32_t ex_word[2];

std::uint8_t acquire_ex(std::uint32_t kind) {
  const auto old = machine().raise_irql(kDispatch, nullptr);
  machine().lock_acquire(ex_word, kind, old, nullptr);
  return old;
}

void release_ex(std::uint8_t old, std::uint32_t kind) {
  machine().lock_release(ex_word, kind, old, nullptr);
  machine().lower_irql(old, nullptr);
}

TEST_F(MachineTest, ReadersShareAnExecutiveLock) {
  ex_word[0] = 0, ex_word[1] = 0x12345678;
  preempt(1, 1, 2);
  const auto read = [&](const char* name) {
    return [this, name] {
      const auto old = acquire_ex(MACH_LOCK_EX_SHARED);
      note(std::string(name) + " in");
      point();
      note(std::string(name) + " out");
      release_ex(old, MACH_LOCK_EX_SHARED);
    };
  };
  run(2, {read("1"), read("2")});
  EXPECT_EQ(result_.outcome, Outcome::clean);
  EXPECT_EQ(log_, (std::vector<std::string>{"1 in", "2 in", "2 out", "1 out"}));
  EXPECT_EQ(ex_word[1], 0x12345678u);
}

TEST_F(MachineTest, WaitingWriterKeepsNewReadersOut) {
  ex_word[0] = 0;
  preempt(1, 1, 2);  // the writer comes while the first reader is in, and spins
  preempt(1, 2, 3);  // then the other reader, which has to wait behind it
  run(4, {[&] {
            const auto old = acquire_ex(MACH_LOCK_EX_SHARED);
            point();
            point();
            note("1 out");
            EXPECT_FALSE(machine().lock_convert(ex_word, nullptr));
            release_ex(old, MACH_LOCK_EX_SHARED);
          },
          [&] {
            const auto old = acquire_ex(MACH_LOCK_EX_EXCLUSIVE);
            note("writer");
            release_ex(old, MACH_LOCK_EX_EXCLUSIVE);
          },
          [&] {
            EXPECT_FALSE(machine().lock_try(ex_word, MACH_LOCK_EX_SHARED, kDispatch, nullptr));
            const auto old = acquire_ex(MACH_LOCK_EX_SHARED);
            note("3");
            release_ex(old, MACH_LOCK_EX_SHARED);
          }});
  EXPECT_EQ(result_.outcome, Outcome::clean);
  EXPECT_EQ(log_, (std::vector<std::string>{"1 out", "writer", "3"}));
}

TEST_F(MachineTest, OnlyReaderBecomesWriter) {
  ex_word[0] = 0;
  run(1, {[&] {
    const auto old = acquire_ex(MACH_LOCK_EX_SHARED);
    EXPECT_TRUE(machine().lock_convert(ex_word, nullptr));
    EXPECT_FALSE(machine().lock_convert(ex_word, nullptr));
    EXPECT_FALSE(machine().lock_try(ex_word, MACH_LOCK_EX_SHARED, kDispatch, nullptr));
    release_ex(old, MACH_LOCK_EX_EXCLUSIVE);
    EXPECT_TRUE(machine().lock_try(ex_word, MACH_LOCK_EX_SHARED, kDispatch, nullptr));
    machine().lock_release(ex_word, MACH_LOCK_EX_SHARED, kPassive, nullptr);
  }});
  EXPECT_EQ(result_.outcome, Outcome::clean);
}

TEST_F(MachineTest, BoundThreadRunsOnItsProcessor) {
  static unsigned cpu;
  cpu = 99;
  schedule_.strategy = StrategyId::random;
  schedule_.runs = 20;
  run(3, {[&] { point(); }, [&] { point(); }}, [] {
    const unsigned thread = machine().create_thread([](void*) { cpu = machine().cpu(); }, nullptr, MACH_THREAD_WORKER,
                                                    nullptr, nullptr);
    machine().bind(thread, 2);
  });
  EXPECT_EQ(result_.outcome, Outcome::clean);
  EXPECT_EQ(cpu, 2u);
}

// A campaign that knows a finding goes on after a call at a wrong IRQL, but not after a return at one: what comes then is its
// consequence.
TEST_F(MachineTest, GoesOnAfterKnownFindingsThatChangeNothing) {
  options_.rules = true;
  for (bool returns : {false, true}) {
    static std::vector<std::string> known;
    known.clear();
    machine().is_known = [](const Finding& finding) {
      known.emplace_back(rule_info(finding.rule).name);
      return true;
    };
    bool went_on = false;
    run(1, {[&] {
          mach_enter(CALLBACK_Other, nullptr, 0, 0);
          mach_raise_irql(2, nullptr);
          if (!returns) {
            machine().point(DDI_PsGetVersion, MACH_BEFORE, nullptr, nullptr);
            mach_irql_violation("called with an argument that is not for this IRQL", 0, nullptr);
            mach_lower_irql(0, nullptr);
          }
          mach_leave(CALLBACK_Other, 0, 0);
          went_on = true;
          mach_lower_irql(0, nullptr);
        }});
    machine().is_known = nullptr;
    EXPECT_EQ(result_.outcome, Outcome::clean);
    EXPECT_EQ(went_on, !returns);
    EXPECT_EQ(known, returns ? std::vector<std::string>{"IrqlContract"}
                             : (std::vector<std::string>{"IrqlPsPassive", "IrqlPsPassive"}));
  }
}

}  // namespace
}  // namespace wdm::test
