// Mutations of the schedule. The shares of the strategies are those that found most in the comparison of published ones
// on small concurrent programs; two processors and 8 to 32 schedules per input find most per second.

#include <algorithm>
#include <iterator>

#include "emu/machine/hypercall.h"
#include "emu/trace/ddi_numbers.h"
#include "harness/mutate_parts.h"

namespace wdm {

namespace {

constexpr unsigned kMostDrawn = 8;  // directives in a drawn schedule; a recorded one may have more

struct Share {
  StrategyId strategy;
  unsigned percent;
};
constexpr Share kShares[] = {
    {StrategyId::site, 40}, {StrategyId::pos, 25}, {StrategyId::random, 20}, {StrategyId::directed, 15}};

StrategyId draw_strategy(Random& random, const DriverProfile& profile) {
  if (profile.faults && random.percent(15)) return StrategyId::each_fault;
  std::size_t roll = random.below(100);
  for (const Share& share : kShares) {
    if (roll < share.percent) return share.strategy;
    roll -= share.percent;
  }
  return StrategyId::site;
}

std::uint16_t draw_runs(Random& random) {
  return static_cast<std::uint16_t>(random.percent(80) ? random.between(8, 32) : random.between(1, limits::kMaxRuns));
}

std::uint8_t draw_cpus(Random& random) {
  constexpr std::uint8_t kCpus[] = {2, 2, 2, 2, 2, 2, 1, 3, 3, 4};
  return random.one_of(kCpus);
}

std::uint16_t draw_ddi(Random& random, const DriverProfile& profile) {
  if (!profile.ddis.empty()) return random.one_of(profile.ddis);
  return static_cast<std::uint16_t>(random.below(DDI_COUNT));
}

bool allocates(std::uint16_t ddi) {
  return ddi_name(ddi).find("Alloc") != std::string_view::npos;
}

// DDI_None when the driver allocates nothing.
std::uint16_t draw_allocation(Random& random, const DriverProfile& profile) {
  std::vector<std::uint16_t> found;
  if (profile.ddis.empty()) {
    for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi)
      if (allocates(ddi)) found.push_back(ddi);
  } else {
    std::copy_if(profile.ddis.begin(), profile.ddis.end(), std::back_inserter(found), allocates);
  }
  return found.empty() ? static_cast<std::uint16_t>(DDI_None) : random.one_of(found);
}

std::uint16_t draw_occurrence(Random& random) {
  constexpr std::uint16_t kOccurrences[] = {1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
  return random.one_of(kOccurrences);
}

Context draw_context(const Scenario& scenario, Random& random) {
  const std::size_t roll = random.below(100);
  const auto number = static_cast<std::uint32_t>(random.between(1, 3));
  if (roll < 80 && !scenario.operations.empty())
    return {Context::Kind::operation, random.one_of(scenario.operations).id};
  if (roll < 87) return {Context::Kind::dpc, number};
  if (roll < 90) return {Context::Kind::interrupt, number};
  if (roll < 95) return {Context::Kind::thread, number};
  if (roll < 98) return {Context::Kind::teardown, 1};
  return {Context::Kind::setup, 0};
}

std::uint8_t draw_actor(const Scenario& scenario, Random& random) {
  const std::size_t roll = random.below(100);
  const auto interrupts = [](const Operation& op) { return op.kind == OpKind::interrupt; };
  if (roll < 35 && std::any_of(scenario.operations.begin(), scenario.operations.end(), interrupts))
    return static_cast<std::uint8_t>(kActorIrq + random.below(random.percent(80) ? 2 : 2 * kInterruptLines));
  if (roll < 60 && !scenario.operations.empty()) return random.one_of(scenario.operations).thread;
  if (roll < 80) return static_cast<std::uint8_t>(kActorCpu + random.below(scenario.cpus));
  if (roll < 90) return static_cast<std::uint8_t>(limits::kFirstDriverThread + random.below(2));
  return kActorClock;
}

Directive draw_run(const Scenario& scenario, Random& random, const DriverProfile& profile) {
  Directive d;
  d.context = draw_context(scenario, random);
  if (!random.percent(10)) {
    d.ddi = draw_ddi(random, profile);
    d.phase = random.percent(60) ? MACH_AFTER : MACH_BEFORE;
    d.occurrence = draw_occurrence(random);
  }
  d.actor = draw_actor(scenario, random);
  return d;
}

Directive draw_hold(Random& random, const DriverProfile& profile) {
  Directive d;
  d.kind = Directive::Kind::hold;
  d.ddi = draw_ddi(random, profile);
  d.phase = random.percent(60) ? MACH_BEFORE : MACH_AFTER;
  return d;
}

Directive draw_directive(const Scenario& scenario, Random& random, const DriverProfile& profile) {
  const std::size_t roll = random.below(100);
  if (roll < 75) return draw_run(scenario, random, profile);
  if (roll < 90 || !profile.faults) return draw_hold(random, profile);
  const std::uint16_t ddi = draw_allocation(random, profile);
  if (ddi == DDI_None) return draw_run(scenario, random, profile);
  return {Directive::Kind::fail, draw_context(scenario, random), ddi, MACH_BEFORE, draw_occurrence(random), 1};
}

void change_directives(Scenario& scenario, Random& random, const DriverProfile& profile) {
  auto& directives = scenario.schedule.directives;
  const std::size_t roll = random.below(3);
  if (directives.empty() || (roll == 0 && directives.size() < kMostDrawn)) {
    directives.push_back(draw_directive(scenario, random, profile));
    return;
  }
  const std::size_t at = random.below(directives.size());
  if (roll == 1)
    directives.erase(directives.begin() + static_cast<std::ptrdiff_t>(at));
  else
    directives[at] = draw_directive(scenario, random, profile);
}

}  // namespace

void draw_schedule(Scenario& scenario, Random& random, const DriverProfile& profile) {
  Schedule& schedule = scenario.schedule;
  schedule.strategy = draw_strategy(random, profile);
  schedule.directives.clear();
  schedule.seed = random.next();
  schedule.runs = draw_runs(random);
  schedule.faults = profile.faults && random.percent(60);
  if (schedule.strategy == StrategyId::each_fault) schedule.seed = 0, schedule.runs = limits::kMaxRuns;
  scenario.cpus = draw_cpus(random);
  scenario.above = profile.pnp && random.percent(15);
  if (schedule.strategy != StrategyId::directed) return;
  const std::size_t count = random.between(1, 3);
  for (std::size_t i = 0; i < count; ++i) schedule.directives.push_back(draw_directive(scenario, random, profile));
}

void mutate_schedule(Scenario& scenario, Random& random, const DriverProfile& profile) {
  if (random.percent(30)) return draw_schedule(scenario, random, profile);
  if (samples(scenario.schedule.strategy)) scenario.schedule.seed = random.next();
  if (scenario.schedule.strategy == StrategyId::directed)
    change_directives(scenario, random, profile);
  else if (random.percent(20))
    scenario.schedule.runs = draw_runs(random);
  if (random.percent(10)) scenario.cpus = draw_cpus(random);
}

}  // namespace wdm
