#include "fuzz/target.h"

#include <algorithm>
#include <bitset>
#include <memory>
#include <span>

#include "emu/machine/machine.h"
#include "fuzz/frontier.h"
#include "harness/driver_info.h"
#include "harness/mutate.h"
#include "harness/report.h"
#include "harness/report_crash.h"

extern "C" {
[[gnu::weak]] void __sanitizer_cov_trace_pc_guard(std::uint32_t* guard);
// The driver's edge counters under libFuzzer, which clears them before each input.
[[gnu::weak]] extern std::uint8_t __start___sancov_cntrs[];
[[gnu::weak]] extern std::uint8_t __stop___sancov_cntrs[];
}

namespace wdm {

namespace {

TargetStats stats;

// Interleaving coverage: a large private map, behind a few counters the fuzzer looks at. Only what is seen for the first
// time touches a counter; a map beyond 4 KiB in libFuzzer's own section would eat the whole budget.
constexpr std::size_t kMapBits = kInterleavingBits;
constexpr std::size_t kCounters = 2048;
[[gnu::section("__libfuzzer_extra_counters")]] std::uint8_t counters[kCounters];
// Engines that count edges by guards (AFL++, honggfuzz) number ours with the driver's, in the section of that name; under
// libFuzzer they stay 0. A guard stands for the same interleavings in every run, or the engine would call the run unstable.
constexpr std::size_t kGuards = 1u << 14;
[[gnu::section("__sancov_guards"), gnu::used]] std::uint32_t guards[kGuards];
std::atomic<std::uint64_t>* shared_map = nullptr;
std::bitset<kMapBits>& map() {
  static auto& bits = *new std::bitset<kMapBits>;
  return bits;
}

void note_interleavings() {
  for (const std::uint32_t feature : machine().switch_features()) {
    if (guards[0]) __sanitizer_cov_trace_pc_guard(&guards[feature % kGuards]);
    auto bit = map()[feature % kMapBits];
    if (bit) continue;
    bit = true;
    if (shared_map) shared_map[feature % kMapBits / 64].fetch_or(std::uint64_t{1} << feature % 64, std::memory_order_relaxed);
    counters[stats.interleavings++ % kCounters] = 1;
  }
}

Frontier frontier;

std::span<const std::uint8_t> edge_counters() {
  return __start___sancov_cntrs ? std::span<const std::uint8_t>(__start___sancov_cntrs, __stop___sancov_cntrs)
                                : std::span<const std::uint8_t>();
}

// Every other time an input that was the first to reach some code, instead of the engine's choice.
std::span<const std::uint8_t> other_base(std::span<const std::uint8_t> input, std::size_t max_size, Random& random) {
  if (frontier.empty() || !random.percent(50)) return input;
  const Frontier::Input& base = frontier.pick(random);
  return base.size() <= max_size ? std::span<const std::uint8_t>(base) : input;
}

// libFuzzer draws a crossing as often as a mutation. Mutations find more.
bool crosses(unsigned seed) {
  return Random(seed).percent(40);
}

bool (*goes_on)(const RunResult&) = nullptr;

int run_input(const std::uint8_t* data, std::size_t size) {
  static Scenario scenario;  // keeps its memory
  read_input(scenario, {data, size});
  bool reached = false;
  ++stats.executions;
  for (unsigned i = 0; i < scenario.schedule.runs; ++i) {
    const RunResult result = run_once(driver_image(), scenario, i, {});
    ++stats.schedules;
    note_interleavings();
    learn_devices(result.devices);
    reached |= result.stats.dispatched != 0;
    if (result.outcome != Outcome::clean && !(goes_on && goes_on(result))) report_and_trap(scenario, result);
    if (!machine().had_choice()) break;
  }
  stats.effective += reached;
  frontier.note({data, size}, edge_counters());
  return 0;
}

}  // namespace

const TargetStats& target_stats() { return stats; }

void go_on_when(bool (*known)(const RunResult&)) { goes_on = known; }

void share_interleavings(std::atomic<std::uint64_t>* words) { shared_map = words; }

}  // namespace wdm

// libFuzzer's; other engines have a stub or nothing.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wdm::set_running({data, size});
  return wdm::run_input(data, size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* a, std::size_t a_size, const std::uint8_t* b,
                                                  std::size_t b_size, std::uint8_t* out, std::size_t max_size,
                                                  unsigned seed) {
  if (!wdm::crosses(seed)) return 0;
  wdm::Random random(~std::uint64_t{seed});
  const auto first = wdm::other_base({a, a_size}, max_size, random);
  const auto second = wdm::other_base({b, b_size}, max_size, random);
  return wdm::cross_over(first, second, out, max_size, seed, wdm::driver_profile());
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  wdm::Random random(~std::uint64_t{seed});
  const auto base = wdm::other_base({data, size}, max_size, random);
  if (base.data() != data) std::copy(base.begin(), base.end(), data);
  return wdm::mutate(data, base.size(), max_size, seed, wdm::driver_profile(), LLVMFuzzerMutate);
}
