// trace-hashes FIRST LAST: runs the random scenarios with these seeds, in that order, and prints a hash of each one's traces.
// Not for people: the determinism test compares what two processes print.

#include <fmt/format.h>

#include <cstdlib>

#include "emu/machine/machine.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/mutate.h"
#include "harness/run.h"
#include "harness/trace_hash.h"

namespace wdm {

namespace {

std::uint64_t hash_of(std::uint64_t seed) {
  const Scenario scenario = random_scenario(seed, driver_profile());
  std::uint64_t hash = 0;
  for (unsigned i = 0; i < scenario.schedule.runs; ++i) {
    const RunResult result = run_once(driver_image(), scenario, i, {});
    hash = hash * 31 + trace_hash(last_trace()) + static_cast<std::uint64_t>(result.outcome);
    if (result.outcome != Outcome::clean || !machine().had_choice()) break;
  }
  return hash;
}

}  // namespace

int print_trace_hashes(const char* first, const char* last) {
  std::uint64_t seed = std::strtoull(first, nullptr, 10);
  const std::uint64_t end = std::strtoull(last, nullptr, 10);
  const int step = seed <= end ? 1 : -1;
  for (;; seed += static_cast<std::uint64_t>(step)) {
    fmt::print("{} {:016x}\n", seed, hash_of(seed));
    if (seed == end) return 0;
  }
}

}  // namespace wdm
