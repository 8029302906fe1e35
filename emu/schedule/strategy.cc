#include "emu/schedule/strategy.h"

#include <algorithm>
#include <cstdlib>

namespace wdm {

#define STRATEGY(name, file, text) std::unique_ptr<Strategy> make_##file();
#include "emu/schedule/strategies.def"
#undef STRATEGY

namespace {

constexpr std::string_view kNames[] = {
#define STRATEGY(name, file, text) #name,
#include "emu/schedule/strategies.def"
#undef STRATEGY
};

}  // namespace

std::string_view strategy_name(StrategyId id) { return kNames[static_cast<unsigned>(id)]; }

bool samples(StrategyId id) { return id != StrategyId::directed && id != StrategyId::each_fault; }

unsigned strategy_count() { return std::size(kNames); }

std::uint16_t occurrence_of(const std::vector<std::uint32_t>& log, std::uint32_t index) {
  return static_cast<std::uint16_t>(
      std::min<std::ptrdiff_t>(std::count(log.begin(), log.begin() + index + 1, log[index]), 0xffff));
}

std::unique_ptr<Strategy> make_strategy(StrategyId id) {
  switch (id) {
#define STRATEGY(name, file, text) \
  case StrategyId::name:           \
    return make_##file();
#include "emu/schedule/strategies.def"
#undef STRATEGY
  }
  std::abort();
}

}  // namespace wdm
