// Partial order sampling (Yuan, Yang, Gu, CAV 2018): each pending step has a random priority; the highest runs; whoever
// races with the step just taken (works on the same object) draws again, so the order of racing steps is decided
// afresh and independent ones do not multiply.
//
// Deviations: priorities are hashes of (seed, place, occurrence, redraw), and the clock has a low one at most points.
#pragma once

#include <array>

#include "emu/schedule/hash.h"

namespace wdm {

class PartialOrder {
 public:
  void begin(std::uint64_t seed) {
    seed_ = seed;
    redraws_.fill(0);
    last_ = kNoActor;
    last_object_ = 0;
  }

  // The member of `candidates` (not empty) with the highest priority.
  unsigned pick(const PointView& view, std::uint64_t candidates) {
    redraw_racing(view);
    unsigned best = kNoActor;
    std::uint64_t best_priority = 0;
    for (std::uint64_t set = candidates; set; set &= set - 1) {
      const auto actor = static_cast<unsigned>(std::countr_zero(set));
      const std::uint64_t p = priority(view, actor);
      if (best == kNoActor || p > best_priority) {
        best = actor;
        best_priority = p;
      }
    }
    last_ = best;
    last_object_ = view.is_interrupt(best) ? 0 : view.pending[best].object;
    return best;
  }

 private:
  std::uint64_t priority(const PointView& view, unsigned actor) const {
    const std::uint64_t place =
        view.is_interrupt(actor) ? mix64(actor + view.pending[view.last].step) : place_hash(view, actor);
    const std::uint64_t p = mix64(seed_ ^ place ^ (std::uint64_t{redraws_[actor]} << 32));
    return actor == kActorClock && (p & 7) != 0 ? p >> 8 : p;
  }

  void redraw_racing(const PointView& view) {
    if (last_object_ == 0) return;
    for (std::uint64_t set = view.enabled & ~view.interrupts; set; set &= set - 1) {
      const auto actor = static_cast<unsigned>(std::countr_zero(set));
      if (actor != last_ && view.pending[actor].object == last_object_) ++redraws_[actor];
    }
  }

  std::uint64_t seed_ = 0;
  unsigned last_ = kNoActor;
  std::uint64_t last_object_ = 0;
  std::array<std::uint32_t, kNoActor> redraws_{};
};

}  // namespace wdm
