// Schedules per second inside libFuzzer under AddressSanitizer: each execution runs 64 schedules of the comparison workload,
// WORKLOAD_THREADS threads with WORKLOAD_OPERATIONS operations each.

#include <cstddef>
#include <cstdint>

#include "bench/workload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) {
  static wdm::bench::Runner runner(wdm::StrategyId::random);
  for (unsigned i = 0; i < 64; ++i) runner.run({WORKLOAD_THREADS, WORKLOAD_OPERATIONS}, i);
  return 0;
}
