// Position-independent randomness: a decision is a hash of where it is made, never the next number of a stream, so a small
// change of a scenario is a small change of its schedule.
#pragma once

#include <bit>
#include <cstdint>

#include "emu/schedule/strategy.h"

namespace wdm {

constexpr std::uint64_t mix64(std::uint64_t h) {
  h ^= h >> 30;
  h *= 0xbf58476d1ce4e5b9ull;
  h ^= h >> 27;
  h *= 0x94d049bb133111ebull;
  return h ^ h >> 31;
}

// The place of a pending step, the same in every run of a build and in every run of a scenario.
inline std::uint64_t place_hash(const PointView& view, unsigned actor) {
  const Pending& p = view.pending[actor];
  const Context& c = (*view.contexts)[p.context];
  return mix64((std::uint64_t{c.number} << 40) ^ (std::uint64_t(c.kind) << 36) ^ (std::uint64_t{p.ddi} << 20) ^
               (std::uint64_t{p.phase} << 18) ^ p.step ^ (std::uint64_t{actor} << 56));
}

// The n-th member of a non-empty set.
inline unsigned nth_actor(std::uint64_t set, unsigned n) {
  while (n--) set &= set - 1;
  return static_cast<unsigned>(std::countr_zero(set));
}

// Time is a rarer visitor than threads: at most points it stays away.
inline std::uint64_t without_clock(std::uint64_t enabled, std::uint64_t hash) {
  const std::uint64_t others = enabled & ~(std::uint64_t{1} << kActorClock);
  return others && (hash & 7) != 0 ? others : enabled;
}

}  // namespace wdm
