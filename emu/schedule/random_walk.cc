// Random walk: at each point one of those that can run, with equal chances. Best where many alternations are needed in a
// short piece of code; the first run of an input is the non-preemptive one.

#include "emu/schedule/sampling.h"

namespace wdm {

namespace {

class RandomWalk final : public Sampling {
 protected:
  unsigned sample(const PointView& view) override {
    const std::uint64_t h = mix64(seed() ^ place_hash(view, view.last));
    const std::uint64_t set = without_clock(view.enabled, h >> 8);
    const auto n = static_cast<std::uint64_t>(std::popcount(set));
    return nth_actor(set, static_cast<unsigned>((h >> 32) * n >> 32));
  }
};

}  // namespace

std::unique_ptr<Strategy> make_random_walk() { return std::make_unique<RandomWalk>(); }

}  // namespace wdm
