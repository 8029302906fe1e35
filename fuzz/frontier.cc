#include "fuzz/frontier.h"

#include <algorithm>

namespace wdm {

void Frontier::note(std::span<const std::uint8_t> input, std::span<const std::uint8_t> counters) {
  reached_.resize(counters.size());
  bool first = false;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (!counters[i] || reached_[i]) continue;
    reached_[i] = true;
    first = true;
  }
  if (!first || input.empty()) return;
  inputs_.emplace_back(input.begin(), input.end());
  if (inputs_.size() > kMost) inputs_.pop_front();
}

const Frontier::Input& Frontier::pick(Random& random) const {
  const std::size_t among = random.percent(50) ? std::min(kLatest, inputs_.size()) : inputs_.size();
  return inputs_[inputs_.size() - 1 - random.below(among)];
}

}  // namespace wdm
