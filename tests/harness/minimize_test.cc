// Minimising against invented bugs: the result is exactly what the bug needs.

#include <gtest/gtest.h>

#include <algorithm>

#include "emu/trace/ddi_numbers.h"
#include "harness/minimize.h"
#include "harness/mutate.h"
#include "tests/harness/any_scenario.h"

namespace wdm::test {
namespace {

using Decisions = std::optional<std::vector<Directive>>;

Directive preempt(std::uint16_t id, std::uint16_t ddi, std::uint8_t actor) {
  return {Directive::Kind::run, {Context::Kind::operation, id}, ddi, MACH_AFTER, 1, actor};
}

Operation operation(OpKind kind, std::uint16_t id, std::uint8_t thread = 1, std::uint8_t handle = 1) {
  Operation op;
  op.kind = kind;
  op.id = id;
  op.thread = thread;
  op.handle = handle;
  return op;
}

const Operation* find(const Scenario& s, OpKind kind) {
  const auto found =
      std::find_if(s.operations.begin(), s.operations.end(), [&](const auto& op) { return op.kind == kind; });
  return found == s.operations.end() ? nullptr : &*found;
}

bool has(const Scenario& s, const Directive& wanted) {
  return std::find(s.schedule.directives.begin(), s.schedule.directives.end(), wanted) != s.schedule.directives.end();
}

// Needs a read and a write in different threads, and the writer's thread to run just after the read took the lock.
Decisions racing_read(const Scenario& s) {
  const Operation* read = find(s, OpKind::read);
  const Operation* write = find(s, OpKind::write);
  if (!read || !write || read->thread == write->thread || s.cpus < 2) return std::nullopt;
  const Directive needed = preempt(read->id, DDI_KeAcquireSpinLockRaiseToDpc, write->thread);
  if (s.schedule.strategy != StrategyId::directed) return std::vector{preempt(1, DDI_KeReleaseSpinLock, 2), needed};
  if (!has(s, needed)) return std::nullopt;
  return s.schedule.directives;
}

Scenario noisy() {
  Scenario s;
  s.cpus = 4;
  s.operations = {operation(OpKind::open, 10, 3, 2),  operation(OpKind::open, 11, 3, 5),
                  operation(OpKind::read, 12, 3, 2),  operation(OpKind::ioctl, 13, 2, 5),
                  operation(OpKind::write, 14, 4, 5), operation(OpKind::cancel, 15, 2),
                  operation(OpKind::close, 16, 4, 2)};
  s.operations[2].out_size = 300;
  s.operations[4].data = {1, 2, 3, 4, 5, 6, 7, 8};
  s.operations[5].target = 12;
  s.schedule = {StrategyId::random, 77, 32, {}};
  make_canonical(s);
  return s;
}

TEST(Minimize, LeavesExactlyWhatTheBugNeeds) {
  const Scenario s = minimize(noisy(), racing_read);
  EXPECT_EQ(to_text(s),
            "wdmfuzz 1\n"
            "cpus 2\n"
            "1: T1 read h1\n"
            "2: T2 write h1\n"
            "schedule directed\n"
            "  at op 1 after KeAcquireSpinLockRaiseToDpc 1 run T2\n");
}

TEST(Minimize, ResultIsAlwaysAccepted) {
  unsigned tried = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Scenario start = random_scenario(seed, profile());
    if (!racing_read(start)) continue;
    ++tried;
    for (const unsigned budget : {0u, 1u, 5u, 20u, 100u, 4000u}) {
      const Scenario s = minimize(start, racing_read, {}, budget);
      ASSERT_TRUE(racing_read(s)) << to_text(s);
      ASSERT_EQ(from_text(to_text(s)), s);
    }
  }
  EXPECT_GT(tried, 20u);
}

TEST(Minimize, NeedsNoPreemptionWhenTheBugNeedsNone) {
  Scenario start = noisy();
  const auto oracle = [](const Scenario& s) -> Decisions {
    if (!find(s, OpKind::ioctl)) return std::nullopt;
    if (s.schedule.strategy == StrategyId::directed) return s.schedule.directives;
    return std::vector(40, preempt(12, DDI_KeReleaseSpinLock, 2));
  };
  EXPECT_EQ(to_text(minimize(start, oracle)), "wdmfuzz 1\ncpus 1\n1: T1 ioctl h1 0x0\nschedule directed\n");
}

// Which directives matter changes with the operations: only a new search finds the schedule of the smaller scenario.
TEST(Minimize, SearchesAgainWhenTheScheduleNoLongerFits) {
  const auto oracle = [](const Scenario& s) -> Decisions {
    const Operation* read = find(s, OpKind::read);
    if (!read) return std::nullopt;
    // Another DDI is the place when the ioctl is gone.
    const auto ddi = find(s, OpKind::ioctl) ? DDI_KeAcquireSpinLockRaiseToDpc : DDI_KeInitializeSpinLock;
    const Directive needed = preempt(read->id, ddi, 2);
    if (s.schedule.strategy == StrategyId::site) return std::nullopt;
    if (s.schedule.strategy != StrategyId::directed)
      return std::vector{needed, preempt(read->id, DDI_KeReleaseSpinLock, 2)};
    return has(s, needed) ? Decisions(s.schedule.directives) : std::nullopt;
  };
  const Scenario s = minimize(noisy(), oracle);
  EXPECT_EQ(s.operations.size(), 1u);
  EXPECT_EQ(s.schedule.directives, (std::vector{preempt(1, DDI_KeInitializeSpinLock, 2)}));
}

// Fewer preemptions are worth more than fewer calls.
TEST(Minimize, DoesNotTradePreemptionsForCalls) {
  const auto oracle = [](const Scenario& s) -> Decisions {
    const Operation* read = find(s, OpKind::read);
    if (!read) return std::nullopt;
    if (find(s, OpKind::ioctl)) return s.schedule.directives;  // none needed
    const Directive needed = preempt(read->id, DDI_KeReleaseSpinLock, 2);
    if (s.schedule.strategy != StrategyId::directed) return std::vector{needed};
    return has(s, needed) ? Decisions(s.schedule.directives) : std::nullopt;
  };
  const Scenario s = minimize(noisy(), oracle);
  EXPECT_TRUE(s.schedule.directives.empty());
  EXPECT_EQ(s.operations.size(), 2u);
}

TEST(Minimize, CancelsGoWithTheirTargets) {
  const auto oracle = [](const Scenario& s) -> Decisions {
    for (const Operation& op : s.operations) {
      const auto exists = [&](const Operation& other) { return other.id == op.target; };
      if (op.kind == OpKind::cancel && std::none_of(s.operations.begin(), s.operations.end(), exists))
        ADD_FAILURE() << "dangling target\n" << to_text(s);
    }
    return find(s, OpKind::open) ? Decisions(s.schedule.directives) : std::nullopt;
  };
  EXPECT_EQ(minimize(noisy(), oracle).operations.size(), 1u);
}

TEST(Minimize, KeepsTheTargetOfACancelThatMatters) {
  const auto oracle = [](const Scenario& s) -> Decisions {
    const Operation* cancel = find(s, OpKind::cancel);
    return cancel ? Decisions(s.schedule.directives) : std::nullopt;
  };
  const Scenario s = minimize(noisy(), oracle);
  ASSERT_EQ(s.operations.size(), 2u);
  EXPECT_EQ(s.operations[1].target, s.operations[0].id);
}

TEST(Minimize, ShrinksArguments) {
  Scenario start = noisy();
  start.operations[4].data.assign(100, 0x41);
  start.operations[4].data[9] = 0x99;
  const auto oracle = [](const Scenario& s) -> Decisions {
    const Operation* write = find(s, OpKind::write);
    const Operation* read = find(s, OpKind::read);
    const bool shows = write && read && read->out_size >= 37 && write->data.size() > 9 && write->data[9] == 0x99;
    return shows ? Decisions(s.schedule.directives) : std::nullopt;
  };
  const Scenario s = minimize(start, oracle);
  EXPECT_EQ(find(s, OpKind::read)->out_size, 37u);
  EXPECT_EQ(find(s, OpKind::write)->data, (std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0x99}));
}

TEST(Minimize, ShortensALongRecordedSchedule) {
  Scenario start = noisy();
  const auto oracle = [](const Scenario& s) -> Decisions {
    if (s.schedule.strategy != StrategyId::directed) {
      std::vector<Directive> many;
      for (std::uint16_t i = 1; i <= 400; ++i)
        many.push_back({Directive::Kind::run, {Context::Kind::dpc, i}, DDI_KeReleaseSpinLock, MACH_AFTER, i, 2});
      return many;
    }
    const auto needed = [&](std::uint32_t n) {
      return std::any_of(s.schedule.directives.begin(), s.schedule.directives.end(),
                         [&](const Directive& d) { return d.context.number == n; });
    };
    return needed(7) && needed(203) ? Decisions(s.schedule.directives) : std::nullopt;
  };
  const Scenario s = minimize(start, oracle);
  ASSERT_EQ(s.schedule.directives.size(), 2u);
  EXPECT_EQ(s.schedule.directives[0].context.number, 7u);
  EXPECT_EQ(s.schedule.directives[1].context.number, 203u);
}

TEST(Minimize, SaysSoWhenThereIsNothingToMinimise) {
  EXPECT_THROW(minimize(noisy(), [](const Scenario&) { return Decisions(); }), ScenarioError);
}

// A schedule that does not replay (which would be our own mistake) leaves the scenario as it was.
TEST(Minimize, KeepsAScenarioThatDoesNotReplay) {
  const auto oracle = [](const Scenario& s) {
    return s.schedule.strategy == StrategyId::random ? Decisions(std::vector<Directive>{}) : std::nullopt;
  };
  const Scenario s = minimize(noisy(), oracle);
  EXPECT_EQ(s.schedule.strategy, StrategyId::random);
  EXPECT_TRUE(oracle(s));
}

TEST(Minimize, KeepsWithinItsBudgetAndReportsIt) {
  unsigned calls = 0, reported = 0;
  const auto oracle = [&](const Scenario& s) {
    ++calls;
    return racing_read(s);
  };
  const auto report = [&](const MinimizeProgress& progress) {
    reported = progress.calls;
    EXPECT_LE(progress.calls, 30u);
    EXPECT_TRUE(racing_read(progress.best));
    return true;
  };
  minimize(noisy(), oracle, report, 30);
  EXPECT_EQ(calls, reported);
  EXPECT_LE(calls, 30u);
}

TEST(Minimize, EndsEarlyWhenTold) {
  unsigned calls = 0;
  const auto oracle = [&](const Scenario& s) {
    ++calls;
    return racing_read(s);
  };
  const Scenario s = minimize(noisy(), oracle, [&](const MinimizeProgress&) { return calls < 10; });
  EXPECT_EQ(calls, 10u);
  EXPECT_TRUE(racing_read(s));
}

}  // namespace
}  // namespace wdm::test
