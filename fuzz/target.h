// The libFuzzer target of a driver: one input, one scenario, K schedules.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "harness/run.h"
#include "harness/scenario.h"

namespace wdm {

// Counts over the life of the process, for the progress line.
struct TargetStats {
  std::uint64_t executions = 0;
  std::uint64_t effective = 0;      // inputs that reached the driver through a dispatch routine
  std::uint64_t schedules = 0;
  std::uint64_t interleavings = 0;  // distinct pairs (place left, place resumed)
};
const TargetStats& target_stats();

// From now on a run that ends so that `known` says yes is no crash: the input's other schedules may say more.
void go_on_when(bool (*known)(const RunResult&));

inline constexpr std::size_t kInterleavingBits = 1u << 20;
// From now on each interleaving that is new to this process is also marked in `words`, a map of kInterleavingBits that
// several processes share, so that they are counted once.
void share_interleavings(std::atomic<std::uint64_t>* words);

}  // namespace wdm
