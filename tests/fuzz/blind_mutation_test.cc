#include "fuzz/blind_mutation.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace wdm {
namespace {

std::vector<std::uint8_t> mutated(std::vector<std::uint8_t> bytes, std::size_t max_size, std::uint64_t seed) {
  Random random(seed);
  const std::size_t size = bytes.size();
  bytes.resize(max_size);
  bytes.resize(mutate_bytes(bytes.data(), size, max_size, random));
  return bytes;
}

// The vector is exactly as large as allowed, so AddressSanitizer sees a step too far.
TEST(BlindMutation, StaysWithinTheLimit) {
  for (std::size_t max_size = 1; max_size <= 9; ++max_size)
    for (std::size_t size = 0; size <= max_size; ++size)
      for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const std::size_t after = mutated(std::vector<std::uint8_t>(size, 7), max_size, seed).size();
        ASSERT_GE(after, 1u);
        ASSERT_LE(after, max_size);
      }
}

TEST(BlindMutation, DoesNothingWithoutRoom) {
  Random random(1);
  EXPECT_EQ(mutate_bytes(nullptr, 0, 0, random), 0u);
}

TEST(BlindMutation, IsAFunctionOfItsSeed) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3, 4};
  for (std::uint64_t seed = 0; seed < 100; ++seed) EXPECT_EQ(mutated(bytes, 8, seed), mutated(bytes, 8, seed));
}

TEST(BlindMutation, ReachesLargerSmallerAndOtherContent) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3, 4};
  std::set<std::size_t> sizes;
  std::set<std::vector<std::uint8_t>> contents;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const auto after = mutated(bytes, 8, seed);
    sizes.insert(after.size());
    contents.insert(after);
  }
  EXPECT_TRUE(sizes.contains(3) && sizes.contains(4) && sizes.contains(5));
  EXPECT_GT(contents.size(), 300u);
}

}  // namespace
}  // namespace wdm
