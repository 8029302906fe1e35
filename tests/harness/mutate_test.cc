// The mutator: within its bounds, reproducible, and with the habits it is meant to have.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/mutate.h"
#include "tests/harness/any_scenario.h"

namespace wdm::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kGuard = 64;
constexpr std::uint8_t kGuardByte = 0xe7;

std::size_t blind_flip(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  if (size == 0) size = std::min<std::size_t>(max_size, 1);
  for (std::size_t i = 0; i < size; ++i) data[i] ^= 0x5a;
  return size;
}

// Mutates a copy in a buffer with room for max_size, as an engine does it. Nothing behind it may be touched.
Bytes mutated(const Bytes& input, std::size_t max_size, unsigned seed, BlindMutation blind = blind_flip) {
  const std::size_t room = std::max(input.size(), max_size);
  Bytes buffer = input;
  buffer.resize(room + kGuard, kGuardByte);
  const std::size_t size = mutate(buffer.data(), input.size(), max_size, seed, profile(), blind);
  EXPECT_LE(size, max_size);
  EXPECT_TRUE(std::all_of(buffer.begin() + static_cast<std::ptrdiff_t>(room), buffer.end(),
                          [](std::uint8_t byte) { return byte == kGuardByte; }));
  buffer.resize(size);
  return buffer;
}

TEST(Mutate, StaysWithinAnySize) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    const Bytes input = encode(any_scenario(seed), profile());
    for (const std::size_t max_size : {std::size_t{1}, std::size_t{14}, std::size_t{41}, std::size_t{100}, input.size(),
                                       input.size() - 1, std::size_t{4096}})
      decode(mutated(input, max_size, seed), profile());
  }
}

TEST(Mutate, TakesAnyBytes) {
  Random random(2);
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Bytes input(random.below(601));
    for (auto& byte : input) byte = static_cast<std::uint8_t>(random.next());
    const Bytes output = mutated(input, 1024, seed);
    ASSERT_EQ(encode(decode(output, profile()), profile()), output);
  }
}

TEST(Mutate, IsAFunctionOfItsArguments) {
  const Bytes input = encode(any_scenario(11), profile());
  for (unsigned seed = 0; seed < 300; ++seed) EXPECT_EQ(mutated(input, 2048, seed), mutated(input, 2048, seed));
}

TEST(Mutate, DoesWithoutABlindMutation) {
  Bytes input = encode(random_scenario(1, profile()), profile());
  for (unsigned seed = 0; seed < 1000; ++seed) input = mutated(input, 2048, seed, nullptr);
  EXPECT_FALSE(decode(input, profile()).operations.empty());
}

TEST(Mutate, ABlindMutationThatGivesUpKeepsTheData) {
  const Bytes input = encode(random_scenario(1, profile()), profile());
  for (unsigned seed = 0; seed < 1000; ++seed)
    mutated(input, 2048, seed, [](std::uint8_t*, std::size_t, std::size_t) { return std::size_t{0}; });
}

TEST(Mutate, AlmostAlwaysChangesSomething) {
  const Bytes input = encode(random_scenario(4, profile()), profile());
  unsigned same = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) same += mutated(input, 2048, seed) == input;
  EXPECT_LT(same, 20u);
}

TEST(Mutate, HalfOfTheTimeTouchesTheScheduleOnly) {
  const Scenario scenario = random_scenario(4, profile());
  const Bytes input = encode(scenario, profile());
  unsigned schedule_only = 0;
  for (unsigned seed = 0; seed < 1000; ++seed)
    schedule_only += decode(mutated(input, 2048, seed), profile()).operations == scenario.operations;
  EXPECT_GT(schedule_only, 420u);
  EXPECT_LT(schedule_only, 620u);
}

TEST(Mutate, LongChainsStaySmallAndOpenFirst) {
  unsigned opens = 0, small = 0, total = 0;
  for (unsigned chain = 0; chain < 20; ++chain) {
    Bytes input = encode(random_scenario(chain, profile()), profile());
    for (unsigned step = 0; step < 500; ++step, ++total) {
      input = mutated(input, 4096, chain * 1000 + step);
      const Scenario s = decode(input, profile());
      ASSERT_FALSE(s.operations.empty());
      opens += s.operations.front().kind == OpKind::open;
      small += s.operations.size() <= 12;
    }
  }
  EXPECT_GT(opens, total * 85 / 100);
  EXPECT_GT(small, total * 80 / 100);
}

TEST(Mutate, BlindMutationsReachTheData) {
  Scenario scenario;
  scenario.operations.resize(2);
  scenario.operations[1].kind = OpKind::write;
  scenario.operations[1].data = {1, 2, 3, 4};
  make_canonical(scenario);
  const Bytes input = encode(scenario, profile());
  unsigned reached = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const auto s = decode(mutated(input, 2048, seed), profile());
    for (const Operation& op : s.operations) reached += op.data == Bytes{0x5b, 0x58, 0x59, 0x5e};
  }
  EXPECT_GT(reached, 10u);
}

// What a driver compares a length with is found once; after that only the contents are looked for.
TEST(Mutate, ContentsChangeUnderALengthThatStays) {
  Scenario scenario;
  scenario.operations.resize(2);
  scenario.operations[1].kind = OpKind::write;
  scenario.operations[1].id = 2;
  scenario.operations[1].data = Bytes(37);
  make_canonical(scenario);
  const Bytes input = encode(scenario, profile());
  unsigned changed = 0;
  for (unsigned seed = 0; seed < 5000; ++seed)
    for (const Operation& op : decode(mutated(input, 2048, seed, nullptr), profile()).operations)
      changed += op.data.size() == 37 && op.data != Bytes(37);
  EXPECT_GT(changed, 80u);
}

// Structures have fields of one and two bytes, too.
TEST(RandomScenario, SmallNumbersLieAtAnyByte) {
  unsigned odd = 0, total = 0;
  for (std::uint64_t seed = 0; seed < 10000; ++seed)
    for (const Operation& op : random_scenario(seed, profile()).operations) {
      const bool small = std::all_of(op.data.begin(), op.data.end(), [](std::uint8_t byte) { return byte < 65; });
      if (op.kind != OpKind::write || op.data.size() != 16 || !small || op.data == Bytes(16)) continue;
      ++total;
      odd += op.data[15] != 0;
    }
  EXPECT_GT(odd, total / 10);
}

TEST(RandomScenario, HasTheHabitsOfARealProgram) {
  std::map<OpKind, unsigned> kinds;
  std::map<StrategyId, unsigned> strategies;
  unsigned known_codes = 0, ioctls = 0, dangling = 0;
  constexpr unsigned kCount = 5000;
  for (std::uint64_t seed = 0; seed < kCount; ++seed) {
    const Scenario s = random_scenario(seed, profile());
    ASSERT_EQ(s.operations.front().kind, OpKind::open);
    ASSERT_GE(s.operations.size(), 2u);
    ASSERT_LE(s.operations.size(), 8u);
    ASSERT_LE(s.cpus, 4);
    ++strategies[s.schedule.strategy];
    for (const Operation& op : s.operations) {
      ASSERT_LE(op.thread, 3);
      ++kinds[op.kind];
      if (op.kind == OpKind::ioctl)
        ++ioctls, known_codes += std::count(profile().ioctls.begin(), profile().ioctls.end(), op.code) != 0;
      if (op.kind == OpKind::cancel) dangling += op.target == op.id;
    }
  }
  EXPECT_EQ(kinds.size(), op_count());
  EXPECT_EQ(strategies.size(), strategy_count() - 1) << "all but each_fault";
  EXPECT_NEAR(strategies[StrategyId::site], kCount * 0.40, kCount * 0.05);
  EXPECT_NEAR(strategies[StrategyId::directed], kCount * 0.15, kCount * 0.05);
  EXPECT_GT(known_codes, ioctls * 85 / 100);
  EXPECT_LT(dangling, kinds[OpKind::cancel] / 10);
}

TEST(RandomScenario, TriesTheDriversOwnNumbers) {
  DriverProfile with = profile();
  with.numbers = {27, 61, 300, 4000, 0x12345678};
  unsigned requests = 0, lengths = 0, out_sizes = 0, words = 0, classes = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    for (const Operation& op : random_scenario(seed, with).operations) {
      if (op.kind == OpKind::query_information) classes += op.code == 27;
      if (op.kind != OpKind::ioctl) continue;
      ++requests;
      lengths += op.data.size() == 27 || op.data.size() == 61 || op.data.size() == 300;
      out_sizes += op.out_size == 4000;
      const Bytes word = {0x78, 0x56, 0x34, 0x12};
      words += std::search(op.data.begin(), op.data.end(), word.begin(), word.end()) != op.data.end();
    }
  EXPECT_GT(lengths, requests / 5);
  EXPECT_GT(out_sizes, requests / 20);
  EXPECT_GT(words, requests / 20);
  EXPECT_GT(classes, 0u);
}

TEST(RandomScenario, SendsMostlyCodesThatTheDriverLooksFor) {
  DriverProfile with = profile();
  with.handled = {with.ioctls[2]};
  unsigned ioctls = 0, handled = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    for (const Operation& op : random_scenario(seed, with).operations)
      if (op.kind == OpKind::ioctl) ++ioctls, handled += op.code == with.handled[0];
  EXPECT_GT(handled, ioctls * 70 / 100);
  EXPECT_LT(handled, ioctls * 90 / 100);
}

TEST(RandomScenario, SendsOnlyWhatTheDriverHandles) {
  DriverProfile reader{"reader", {}, {}, 1u << 0x00 | 1u << 0x03, 1, false, false, {}, false, true, {}, {}};
  const std::set<OpKind> possible = {OpKind::open, OpKind::close, OpKind::read, OpKind::cancel, OpKind::wait};
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    for (const Operation& op : random_scenario(seed, reader).operations) ASSERT_TRUE(possible.contains(op.kind));
}

TEST(RandomScenario, HasFaultsOnlyWhenTheProfileSaysSo) {
  const auto faulty = [](const Scenario& s) {
    const auto fails = [](const Directive& d) { return d.kind == Directive::Kind::fail; };
    return s.schedule.faults || s.schedule.strategy == StrategyId::each_fault ||
           std::any_of(s.schedule.directives.begin(), s.schedule.directives.end(), fails);
  };
  DriverProfile with = profile();
  with.faults = true;
  unsigned found = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    ASSERT_FALSE(faulty(random_scenario(seed, profile())));
    found += faulty(random_scenario(seed, with));
  }
  EXPECT_GT(found, 500u);
  EXPECT_LT(found, 800u);
}

TEST(CrossOver, PutsARequestOfOneBetweenThoseOfTheOther) {
  Scenario a, b;
  a.operations.resize(4);
  for (std::uint16_t i = 1; i < 4; ++i) {
    a.operations[i].kind = OpKind::read;
    a.operations[i].id = static_cast<std::uint16_t>(i + 1);
  }
  b.operations.resize(2);
  b.operations[1].kind = OpKind::write;
  b.operations[1].id = 2;
  make_canonical(a);
  make_canonical(b);
  unsigned between = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    Bytes out(2048);
    out.resize(cross_over(encode(a, profile()), encode(b, profile()), out.data(), out.size(), seed, profile()));
    const auto operations = decode(out, profile()).operations;
    between += operations.size() == 5 && (operations[1].kind == OpKind::write || operations[2].kind == OpKind::write ||
                                          operations[3].kind == OpKind::write);
  }
  EXPECT_GT(between, 200u);
}

TEST(CrossOver, MakesAScenarioOfTwo) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const Scenario a = random_scenario(seed, profile()), b = any_scenario(seed);
    Bytes out(2048 + kGuard, kGuardByte);
    const std::size_t max_size = seed % 2 ? 2048 : 90;
    const std::size_t size =
        cross_over(encode(a, profile()), encode(b, profile()), out.data(), max_size, seed, profile());
    ASSERT_LE(size, max_size);
    const Scenario s = decode({out.data(), size}, profile());
    ASSERT_FALSE(s.operations.empty());
    EXPECT_EQ(s.operations.front().kind, OpKind::open);
  }
}

}  // namespace
}  // namespace wdm::test
