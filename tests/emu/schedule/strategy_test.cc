// All strategies on the same small programs: they pick only who can run, they replay, and they find what they are for.

#include <set>

#include "tests/emu/machine/machine_fixture.h"

namespace wdm::test {
namespace {

class StrategyTest : public MachineTest, public ::testing::WithParamInterface<StrategyId> {
 protected:
  void SetUp() override {
    MachineTest::SetUp();
    schedule_.strategy = GetParam();
  }
};

INSTANTIATE_TEST_SUITE_P(All, StrategyTest,
                         ::testing::Values(StrategyId::random, StrategyId::pos, StrategyId::site),
                         [](const auto& info) { return std::string(strategy_name(info.param)); });

TEST_P(StrategyTest, FirstRunIsNonPreemptive) {
  run(2, {[&] { point(); point(); }, [&] { point(); }});
  EXPECT_TRUE(machine().decisions().empty());
}

TEST_P(StrategyTest, FindsALostUpdate) {
  schedule_.runs = 64;
  schedule_.seed = 7;
  static int shared;
  bool lost = false;
  const auto add = [&] {
    point(&shared);
    const int seen = shared;
    point(&shared);
    shared = seen + 1;
  };
  const std::function<void()> check = [&] {
    lost |= shared == 1;
    shared = 0;
  };
  run(2, {add, add}, check);  // `check` sees the previous run's result
  EXPECT_TRUE(lost);
}

TEST_P(StrategyTest, TakesManyDifferentOrders) {
  schedule_.runs = 64;
  std::set<std::string> orders;
  std::string order;
  const auto work = [&](char name) {
    return [&order, name] {
      for (int i = 0; i < 3; ++i) {
        point();
        order += name;
      }
    };
  };
  run(3, {work('1'), work('2'), work('3')}, [&] {
    orders.insert(order);
    order.clear();
  });
  EXPECT_GT(orders.size(), 15u);
}

TEST_P(StrategyTest, SeedsDecide) {
  const auto decisions = [&](std::uint64_t seed) {
    schedule_.seed = seed;
    schedule_.runs = 2;
    run(2, {[&] { for (int i = 0; i < 8; ++i) point(); }, [&] { for (int i = 0; i < 8; ++i) point(); }});
    return machine().decisions();
  };
  EXPECT_EQ(decisions(1), decisions(1));
  EXPECT_NE(decisions(1), decisions(2));
}

TEST(Directed, HoldLetsTheOthersPass) {
  Schedule schedule;
  schedule.directives.push_back({Directive::Kind::hold, {}, 7, MACH_BEFORE, 1, 0});
  const auto strategy = make_strategy(StrategyId::directed);
  strategy->begin(schedule, 0);
  Pending pending[kNoActor] = {};
  pending[1].ddi = 7;
  pending[2].ddi = 8;
  const std::vector<Context> contexts(1);
  const std::vector<std::uint32_t> log(1);
  EXPECT_EQ(strategy->pick({0b110, 1, 1, 1, pending, &contexts, &log}), 2u);
  EXPECT_EQ(strategy->pick({0b010 | 1ull << kActorClock, 1, 1, 1, pending, &contexts, &log}), 1u);
}

TEST(Directed, OccurrenceCountsTheSamePlaceOfTheSameContext) {
  const std::vector<std::uint32_t> log{1u << 16 | 4, 2u << 16 | 4, 1u << 16 | 4, 1u << 16 | 5, 1u << 16 | 4};
  EXPECT_EQ(occurrence_of(log, 0), 1);
  EXPECT_EQ(occurrence_of(log, 1), 1);
  EXPECT_EQ(occurrence_of(log, 2), 2);
  EXPECT_EQ(occurrence_of(log, 4), 3);
}

TEST(StrategyTable, NamesAreUnique) {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < strategy_count(); ++i) names.insert(strategy_name(static_cast<StrategyId>(i)));
  EXPECT_EQ(names.size(), strategy_count());
}

}  // namespace
}  // namespace wdm::test
