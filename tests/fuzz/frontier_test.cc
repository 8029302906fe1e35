// What is kept as the first of its kind, and for how long.

#include "fuzz/frontier.h"

#include <gtest/gtest.h>

#include <set>

namespace wdm::test {
namespace {

using Input = Frontier::Input;

std::set<Input> picked(const Frontier& frontier) {
  std::set<Input> found;
  Random random(1);
  for (unsigned i = 0; i < 2000 && !frontier.empty(); ++i) found.insert(frontier.pick(random));
  return found;
}

TEST(Frontier, KeepsWhatReachesCodeFirst) {
  Frontier frontier;
  EXPECT_TRUE(frontier.empty());
  frontier.note(Input{1}, Input{0, 3, 0});
  frontier.note(Input{2}, Input{0, 1, 0});
  frontier.note(Input{3}, Input{0, 9, 1});
  EXPECT_EQ(picked(frontier), (std::set<Input>{{1}, {3}}));
}

TEST(Frontier, KeepsNothingThatReachesNothing) {
  Frontier frontier;
  frontier.note(Input{1}, Input{0, 0});
  frontier.note(Input{}, Input{1, 1});
  frontier.note(Input{2}, Input{});
  EXPECT_TRUE(frontier.empty());
}

TEST(Frontier, TheOldestGo) {
  Frontier frontier;
  Input counters(Frontier::kMost + 2);
  for (std::size_t i = 0; i < counters.size(); ++i) {
    counters[i] = 1;
    frontier.note(Input{static_cast<std::uint8_t>(i)}, counters);
  }
  const std::set<Input> kept = picked(frontier);
  EXPECT_EQ(kept.size(), Frontier::kMost);
  EXPECT_EQ(*kept.begin(), Input{2});
}

TEST(Frontier, TheLatestComeMoreOften) {
  Frontier frontier;
  Input counters(Frontier::kMost);
  for (std::size_t i = 0; i < counters.size(); ++i) {
    counters[i] = 1;
    frontier.note(Input{static_cast<std::uint8_t>(i)}, counters);
  }
  unsigned latest = 0;
  Random random(1);
  for (unsigned i = 0; i < 1000; ++i) latest += frontier.pick(random)[0] >= Frontier::kMost - Frontier::kLatest;
  EXPECT_GT(latest, 450u);
  EXPECT_LT(latest, 650u);
}

}  // namespace
}  // namespace wdm::test
