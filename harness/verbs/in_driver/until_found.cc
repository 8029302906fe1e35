// until-found STRATEGY SEED LIMIT: runs random scenarios under that strategy until one run is a finding, without guidance by
// coverage, and prints `found N` or `nothing in N`, N being the number of runs of the driver. Not for people: the benchmark
// compares strategies with it.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "emu/machine/machine.h"
#include "harness/cli.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/mutate.h"
#include "harness/run.h"

extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace wdm {

namespace {

constexpr std::uint16_t kRunsPerScenario = 16;  // about what a campaign's inputs ask for

std::uint64_t runs = 0;

// AddressSanitizer's findings end the process.
void report_death() {
  const std::string text = fmt::format("found {}\n", runs);
  if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) std::abort();
}

StrategyId strategy_named(std::string_view name) {
  for (unsigned i = 0; i < strategy_count(); ++i)
    if (strategy_name(static_cast<StrategyId>(i)) == name) return static_cast<StrategyId>(i);
  throw UserError(fmt::format("{}: no such strategy", name));
}

}  // namespace

int run_until_found(char** arguments) {
  const StrategyId strategy = strategy_named(arguments[0]);
  const std::uint64_t first = std::strtoull(arguments[1], nullptr, 10) << 32;
  const std::uint64_t limit = std::strtoull(arguments[2], nullptr, 10);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(report_death);
  for (std::uint64_t seed = first; runs < limit; ++seed) {
    Scenario scenario = random_scenario(seed, driver_profile());
    scenario.schedule = {strategy, seed, kRunsPerScenario, {}};
    for (unsigned i = 0; i < kRunsPerScenario; ++i) {
      ++runs;
      if (run_once(driver_image(), scenario, i, {}).outcome == Outcome::driver_bug) {
        fmt::print("found {}\n", runs);
        return 0;
      }
      if (!machine().had_choice()) break;
    }
  }
  fmt::print("nothing in {}\n", runs);
  return 0;
}

}  // namespace wdm
