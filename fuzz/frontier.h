// Inputs that were the first to reach some code of the driver. Interleavings are new far more often than code is, so
// among what an engine keeps these few drown; the mutator goes back to one of them now and then.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "harness/random.h"

namespace wdm {

class Frontier {
 public:
  using Input = std::vector<std::uint8_t>;
  static constexpr std::size_t kMost = 48;  // the oldest go: what they led to has been tried long enough
  static constexpr std::size_t kLatest = 4;

  // Keeps `input` when it is the first with a non-zero counter somewhere. `counters`: one per edge of the driver, of
  // that run alone, and always as many.
  void note(std::span<const std::uint8_t> input, std::span<const std::uint8_t> counters);

  bool empty() const { return inputs_.empty(); }
  // One of those that were kept, half of the time one of the latest: what they opened up is least explored.
  // Requires: not empty.
  const Input& pick(Random& random) const;

 private:
  std::deque<Input> inputs_;
  std::vector<bool> reached_;
};

}  // namespace wdm
