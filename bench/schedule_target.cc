// Schedules per second inside libFuzzer under AddressSanitizer: each input runs 64 schedules of the comparison workload. The
// input's first byte chooses threads and operations: '2' for 2 x 1, '4' for 4 x 8.

#include <cstddef>
#include <cstdint>

#include "bench/workload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static wdm::bench::Runner runner(wdm::StrategyId::random);
  const bool big = size > 0 && data[0] == '4';
  for (unsigned i = 0; i < 64; ++i) runner.run(big ? wdm::bench::Workload{4, 8} : wdm::bench::Workload{2, 1}, i);
  return 0;
}
