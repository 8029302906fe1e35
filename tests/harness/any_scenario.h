// Scenarios for tests: anything the format can express, not only what makes sense.
#pragma once

#include "emu/machine/hypercall.h"
#include "emu/trace/ddi_numbers.h"
#include "harness/random.h"
#include "harness/scenario.h"

namespace wdm::test {

inline const DriverProfile& profile() {
  static const DriverProfile sample{"sample", {0x222000, 0x222004, 0x22200b, 0x226010}, {}, 0xffffffff, 2, true, false, {}, true, true, {}, {}};
  return sample;
}

inline Operation any_operation(Random& random) {
  Operation op;
  op.kind = static_cast<OpKind>(random.below(op_count()));
  op.id = static_cast<std::uint16_t>(random.below(random.percent(50) ? 40 : 65536));
  op.thread = static_cast<std::uint8_t>(random.between(1, limits::kUserThreads));
  op.handle = static_cast<std::uint8_t>(random.between(1, limits::kMaxHandles));
  op.device = static_cast<std::uint8_t>(random.below(256));
  op.irql = random.percent(50) ? 2 : 0;
  op.pointers = static_cast<std::uint8_t>(random.below(4));
  op.cancelled = random.percent(50);
  op.synchronous = random.percent(50);
  op.minor = static_cast<std::uint8_t>(random.below(256));
  op.target = static_cast<std::uint16_t>(random.below(40));
  op.code = random.percent(50) ? random.one_of(profile().ioctls) : static_cast<std::uint32_t>(random.next());
  op.out_size = static_cast<std::uint32_t>(random.below(limits::kMaxOutBytes + 1));
  op.offset = random.next() >> random.below(64);
  op.data.resize(random.percent(80) ? random.below(40) : random.below(limits::kMaxDataBytes + 1));
  for (auto& byte : op.data) byte = static_cast<std::uint8_t>(random.next());
  return op;
}

inline Directive any_directive(Random& random, std::uint16_t id) {
  Directive d;
  d.kind = static_cast<Directive::Kind>(random.below(3));
  d.context = {static_cast<Context::Kind>(random.below(7)), id};
  d.ddi = static_cast<std::uint16_t>(random.below(DDI_COUNT));
  d.phase = static_cast<std::uint8_t>(random.below(3));
  d.occurrence = static_cast<std::uint16_t>(random.between(1, 65535));
  d.actor = static_cast<std::uint8_t>(random.below(kNoActor));
  return d;
}

// A canonical scenario with values from all over the ranges.
inline Scenario any_scenario(std::uint64_t seed) {
  Random random(seed);
  Scenario scenario;
  scenario.cpus = static_cast<std::uint8_t>(random.between(1, limits::kMaxCpus));
  const std::size_t operations = random.below(limits::kMaxOperations + 1);
  for (std::size_t i = 0; i < operations; ++i) scenario.operations.push_back(any_operation(random));
  Schedule& schedule = scenario.schedule;
  schedule.strategy = static_cast<StrategyId>(random.below(strategy_count()));
  schedule.seed = random.next() >> random.below(64);
  schedule.runs = static_cast<std::uint16_t>(random.between(1, limits::kMaxRuns));
  schedule.faults = random.percent(50);
  const std::size_t directives = operations ? random.below(20) : 0;
  for (std::size_t i = 0; i < directives; ++i)
    schedule.directives.push_back(any_directive(random, random.one_of(scenario.operations).id));
  make_canonical(scenario);
  return scenario;
}

}  // namespace wdm::test
