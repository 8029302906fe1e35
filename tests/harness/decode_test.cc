// The binary form: total, and the inverse of itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "emu/trace/ddi_numbers.h"
#include "harness/mutate.h"
#include "harness/scenario_binary.h"
#include "tests/harness/any_scenario.h"

namespace wdm::test {
namespace {

bool is_canonical(const Scenario& scenario) {
  Scenario again = scenario;
  make_canonical(again);
  return again == scenario;
}

TEST(Decode, NothingIsAScenarioWithoutOperations) {
  EXPECT_EQ(decode({}, profile()), Scenario{});
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(byte)};
    EXPECT_EQ(decode(bytes, profile()), Scenario{}) << byte;
  }
}

TEST(Decode, EncodedScenariosComeBack) {
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    const Scenario scenario = any_scenario(seed);
    const auto bytes = encode(scenario, profile());
    ASSERT_EQ(bytes.size(), encoded_size(scenario));
    ASSERT_EQ(decode(bytes, profile()), scenario) << "seed " << seed;
  }
}

TEST(Decode, PlausibleScenariosComeBack) {
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    const Scenario scenario = random_scenario(seed, profile());
    ASSERT_EQ(decode(encode(scenario, profile()), profile()), scenario) << "seed " << seed;
  }
}

TEST(Decode, AnyBytesAreACanonicalScenario) {
  Random random(1);
  for (std::size_t size = 0; size <= 600; ++size) {
    for (unsigned i = 0; i < 20; ++i) {
      std::vector<std::uint8_t> bytes(size);
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
      const Scenario scenario = decode(bytes, profile());
      ASSERT_TRUE(is_canonical(scenario)) << "size " << size;
      ASSERT_EQ(decode(encode(scenario, profile()), profile()), scenario);
    }
  }
}

TEST(Decode, EveryPrefixOfAnInputIsAScenario) {
  const auto bytes = encode(any_scenario(7), profile());
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    EXPECT_TRUE(is_canonical(decode({bytes.data(), size}, profile())));
}

TEST(Decode, OtherVersionsReadAsTheFirst) {
  const Scenario scenario = any_scenario(3);
  auto bytes = encode(scenario, profile());
  for (const std::uint8_t version : {0, 2, 255}) {
    bytes[0] = version;
    EXPECT_EQ(decode(bytes, profile()), scenario);
  }
}

// The bytes mean the same when the driver's table of control codes is in another order, or not at hand.
TEST(Decode, ControlCodesDoNotDependOnTheirOrder) {
  const Scenario scenario = random_scenario(5, profile());
  const auto bytes = encode(scenario, profile());
  DriverProfile reversed = profile();
  std::reverse(reversed.ioctls.begin(), reversed.ioctls.end());
  EXPECT_EQ(decode(bytes, reversed), scenario);
  EXPECT_EQ(decode(bytes, DriverProfile{}), scenario);
}

TEST(Decode, AnIndexStandsForAControlCode) {
  Scenario scenario;
  scenario.operations.resize(1);
  scenario.operations[0].kind = OpKind::ioctl;
  scenario.operations[0].code = 0x1234;
  make_canonical(scenario);
  auto bytes = encode(scenario, profile());
  EXPECT_EQ(decode(bytes, profile()).operations[0].code, 0x1234u);
  bytes[binary::kHeaderSize + binary::kOpCodeIndexAt] = 2;
  EXPECT_EQ(decode(bytes, profile()).operations[0].code, profile().ioctls[2]);
}

TEST(Decode, DirectivesOfAnUnknownDdiDoNothing) {
  Scenario scenario;
  scenario.schedule.directives = {{Directive::Kind::hold, {}, DDI_KeReleaseSpinLock, MACH_BEFORE, 1, 0}};
  auto bytes = encode(scenario, profile());
  EXPECT_EQ(decode(bytes, profile()), scenario);
  bytes[bytes.size() - 1] ^= 0x55;
  EXPECT_TRUE(decode(bytes, profile()).schedule.directives.empty());
}

TEST(Decode, KeysOfDdisAreDistinct) {
  std::set<std::uint32_t> keys;
  for (std::uint16_t ddi = 0; ddi < DDI_COUNT; ++ddi) {
    EXPECT_TRUE(keys.insert(binary::ddi_key(ddi)).second) << ddi_name(ddi);
    EXPECT_EQ(binary::find_ddi_key(binary::ddi_key(ddi)), ddi);
  }
}

TEST(Decode, EveryKindOfOperationHasANumber) {
  for (unsigned kind = 0; kind < op_count(); ++kind) {
    Scenario scenario;
    scenario.operations.resize(1);
    scenario.operations[0].kind = static_cast<OpKind>(kind);
    make_canonical(scenario);
    EXPECT_EQ(decode(encode(scenario, profile()), profile()), scenario) << op_word(static_cast<OpKind>(kind));
  }
}

TEST(Canonical, IdsBecomeUniqueAndTheFirstKeepsIts) {
  Scenario scenario;
  scenario.operations.resize(3);
  scenario.operations[0].id = 2;
  scenario.operations[1].id = 2;
  make_canonical(scenario);
  EXPECT_EQ(scenario.operations[0].id, 2);
  EXPECT_EQ(scenario.operations[1].id, 1);
  EXPECT_EQ(scenario.operations[2].id, 3);
}

TEST(Canonical, KernelRequestsHaveNoHandle) {
  Scenario scenario;
  scenario.operations.resize(1);
  scenario.operations[0].kind = OpKind::pnp;
  make_canonical(scenario);
  EXPECT_EQ(scenario.operations[0].handle, 0);
}

TEST(Canonical, ADirectedScheduleIsASingleOne) {
  Scenario scenario;
  scenario.schedule.seed = 5;
  scenario.schedule.runs = 8;
  make_canonical(scenario);
  EXPECT_EQ(scenario, Scenario{});
}

}  // namespace
}  // namespace wdm::test
