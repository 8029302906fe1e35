// All strategies on the same small programs: they pick only who can run, they replay, and they find what they are for.

#include <algorithm>
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

// What each run of the schedule answers to `questions` allocations.
class AnswersTest : public MachineTest {
 protected:
  std::vector<std::vector<std::uint32_t>> answers(unsigned questions, std::uint32_t kind, std::uint32_t n) {
    std::vector<std::vector<std::uint32_t>> all;
    const std::uint16_t runs = schedule_.runs;
    for (std::uint16_t i = 0; i < runs; ++i) {
      const auto strategy = make_strategy(schedule_.strategy);
      strategy->begin(schedule_, i);
      all.emplace_back();
      ask_ = [&] {
        for (unsigned q = 0; q < questions; ++q) {
          point();
          all.back().push_back(mach_choose(kind, n));
        }
      };
      machine().run({"test", nullptr, nullptr, nullptr}, 1, *strategy, options_, [](void* ask) {
        (*static_cast<std::function<void()>*>(ask))();
      }, &ask_);
      if (!machine().had_choice()) break;
    }
    return all;
  }
  static bool ordinary(const std::vector<std::uint32_t>& run) {
    return std::all_of(run.begin(), run.end(), [](std::uint32_t answer) { return answer == 0; });
  }

 private:
  std::function<void()> ask_;
};

TEST_F(AnswersTest, FaultsAreAnsweredOnlyWhenTheScheduleSaysSo) {
  for (const StrategyId id : {StrategyId::random, StrategyId::pos, StrategyId::site}) {
    schedule_ = {id, 5, 64, {}, false};
    const auto without = answers(20, CHOICE_PoolFails, 2);
    EXPECT_TRUE(std::all_of(without.begin(), without.end(), ordinary)) << strategy_name(id);
    EXPECT_EQ(without.size(), 1u) << "nothing to try twice";
    schedule_.faults = true;
    const auto with = answers(20, CHOICE_PoolFails, 2);
    EXPECT_EQ(with.size(), 64u);
    EXPECT_TRUE(ordinary(with[0])) << "the first run is the ordinary one";
    const auto clean = std::count_if(with.begin(), with.end(), ordinary);
    EXPECT_GT(clean, 10) << "many runs get through";
    EXPECT_LT(clean, 50) << "many fail somewhere";
    EXPECT_EQ(with, answers(20, CHOICE_PoolFails, 2)) << "a function of the seed";
  }
}

TEST_F(AnswersTest, EachFaultFailsOneAfterTheOther) {
  schedule_ = {StrategyId::each_fault, 0, 64, {}, false};
  const auto all = answers(5, CHOICE_PoolFails, 2);
  ASSERT_EQ(all.size(), 7u) << "a run that counts, five that fail one, one that finds no sixth";
  for (unsigned run = 0; run < 7; ++run)
    for (unsigned q = 0; q < 5; ++q) EXPECT_EQ(all[run][q], run == q + 1 ? 1u : 0u) << run << ' ' << q;
  schedule_.seed = 3;
  EXPECT_EQ(answers(5, CHOICE_PoolFails, 2).size(), 4u) << "the fourth, the fifth, and no sixth";
  schedule_.seed = 5;
  EXPECT_EQ(answers(5, CHOICE_PoolFails, 2).size(), 1u);
}

TEST_F(AnswersTest, EachFaultKeepsToTheDirectives) {
  schedule_ = {StrategyId::each_fault, 0, 3, {}, false};
  schedule_.directives.push_back({Directive::Kind::fail, {Context::Kind::setup, 0}, DDI_KeInitializeSpinLock, MACH_AFTER, 2, 1});
  const auto all = answers(3, CHOICE_PoolFails, 2);
  EXPECT_EQ(all[0], (std::vector<std::uint32_t>{0, 1, 0}));
  EXPECT_EQ(all[1], (std::vector<std::uint32_t>{1, 1, 0}));
  EXPECT_EQ(all[2], (std::vector<std::uint32_t>{0, 1, 1}));
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
