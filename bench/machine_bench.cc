// What the machine costs: a fiber switch, a scheduling point, a lock, a whole schedule.

#include <benchmark/benchmark.h>

#include <boost/context/detail/fcontext.hpp>
#include <memory>

#include "bench/workload.h"
#include "emu/machine/fiber.h"
#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"

namespace {

using namespace wdm;

// ---- a switch: raw Boost.Context with the same annotations is the floor ------------------------------------------------

void raw_echo(boost::context::detail::transfer_t t) {
  for (;;) t = boost::context::detail::jump_fcontext(t.fctx, nullptr);
}

void RawSwitch(benchmark::State& state) {
  auto stack = std::make_unique<char[]>(64 << 10);
  auto context = boost::context::detail::make_fcontext(stack.get() + (64 << 10), 64 << 10, raw_echo);
  for (auto _ : state) context = boost::context::detail::jump_fcontext(context, nullptr).fctx;
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(RawSwitch);

Fiber bench_main, bench_fiber;

void fiber_echo(void*) {
  for (;;) bench_main.switch_from(bench_fiber);
}

void FiberSwitch(benchmark::State& state) {
  bench_main.adopt_current_thread();
  bench_fiber.prepare(fiber_echo, nullptr);
  for (auto _ : state) bench_fiber.switch_from(bench_main);
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(FiberSwitch);

// ---- a point at which nobody else can run ---------------------------------------------------------------------------------

void points(void* argument) {
  auto& state = *static_cast<benchmark::State*>(argument);
  int object = 0;
  for (auto _ : state) machine().point(DDI_None, MACH_AFTER, &object, nullptr);
}

void PointWithoutSwitch(benchmark::State& state) {
  const auto strategy = make_strategy(StrategyId::directed);
  const Schedule schedule;
  strategy->begin(schedule, 0);
  RunOptions options;
  options.max_steps = 0xffffffff;
  machine().run({"bench", nullptr, nullptr, nullptr}, 2, *strategy, options, points, &state);
}
BENCHMARK(PointWithoutSwitch)->Iterations(1 << 22);

// ---- whole schedules: threads that lock, load, store, unlock -----------------------------------------------------------

void Schedules(benchmark::State& state) {
  const bench::Workload workload{static_cast<unsigned>(state.range(0)), static_cast<unsigned>(state.range(1))};
  bench::Runner runner(static_cast<StrategyId>(state.range(2)));
  std::uint64_t seed = 1;
  for (auto _ : state) runner.run(workload, seed++);
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(std::string(strategy_name(static_cast<StrategyId>(state.range(2)))));
}
BENCHMARK(Schedules)->ArgNames({"threads", "operations", "strategy"})->ArgsProduct({{2}, {1}, {1, 2, 3}});
BENCHMARK(Schedules)->ArgNames({"threads", "operations", "strategy"})->ArgsProduct({{4}, {8}, {1, 2, 3}});

}  // namespace
