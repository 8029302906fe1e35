// What the machine costs: a fiber switch, a scheduling point, a lock, a whole schedule.

#include <benchmark/benchmark.h>

#include <boost/context/detail/fcontext.hpp>
#include <memory>

#include "bench/workload.h"
#include "emu/machine/fiber.h"
#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"
#include "emu/machine/sanitizer.h"

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

// The same with AddressSanitizer told of each switch, which it has to be: what a switch costs at least here.
void annotated_switch(boost::context::detail::fcontext_t& to, const char* bottom, std::size_t size) {
  void* fake = nullptr;
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(&fake, bottom, size);
  to = boost::context::detail::jump_fcontext(to, nullptr).fctx;
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
}

const char* main_bottom;
std::size_t main_size;

void annotated_echo(boost::context::detail::transfer_t t) {
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
  for (;;) annotated_switch(t.fctx, main_bottom, main_size);
}

void AnnotatedSwitch(benchmark::State& state) {
  constexpr std::size_t kStack = 64 << 10;
  Fiber here;
  here.adopt_current_thread();
  main_bottom = here.stack_bottom();
  main_size = static_cast<std::size_t>(here.stack_top() - here.stack_bottom());
  auto stack = std::make_unique<char[]>(kStack);
  auto context = boost::context::detail::make_fcontext(stack.get() + kStack, kStack, annotated_echo);
  for (auto _ : state) annotated_switch(context, stack.get(), kStack);
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(AnnotatedSwitch);

Fiber bench_main, bench_fiber, bench_partner;

void fiber_echo(void*) {
  for (;;) bench_partner.switch_from(bench_fiber);
}

void fiber_measure(void* argument) {
  auto& state = *static_cast<benchmark::State*>(argument);
  for (auto _ : state) bench_fiber.switch_from(bench_partner);
  bench_partner.leave_to(bench_main);
}

void FiberSwitch(benchmark::State& state) {
  bench_main.adopt_current_thread();
  bench_fiber.prepare(fiber_echo, nullptr);
  bench_partner.prepare(fiber_measure, &state);
  bench_partner.enter_from(bench_main);
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(FiberSwitch);

// ---- a point at which nobody else can run ---------------------------------------------------------------------------------

constexpr unsigned kPointsPerRun = 10'000;  // about what a long scenario has

void points(void*) {
  int object = 0;
  for (unsigned i = 0; i < kPointsPerRun; ++i) machine().point(DDI_None, MACH_AFTER, &object, nullptr);
}

void PointWithoutSwitch(benchmark::State& state) {
  const auto strategy = make_strategy(StrategyId::directed);
  const Schedule schedule;
  strategy->begin(schedule, 0);
  for (auto _ : state) machine().run({"bench", nullptr, nullptr, nullptr}, 2, *strategy, {}, points, nullptr);
  state.SetItemsProcessed(state.iterations() * kPointsPerRun);
}
BENCHMARK(PointWithoutSwitch);

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

// ---- growth: a step costs the same however large the machine and however long the run ------------------------------------

void step_cost(benchmark::State& state, bench::Workload workload) {
  bench::Runner runner(StrategyId::random);
  std::uint64_t seed = 1;
  std::uint64_t steps = 0;
  for (auto _ : state) steps += runner.run(workload, seed++);
  state.SetItemsProcessed(static_cast<std::int64_t>(steps));
}

void GrowthByCpus(benchmark::State& state) { step_cost(state, {2, 128, static_cast<unsigned>(state.range(0))}); }
BENCHMARK(GrowthByCpus)->RangeMultiplier(2)->Range(2, limits::kMaxCpus)->Repetitions(5);

// Four threads share so many calls.
void GrowthByCalls(benchmark::State& state) { step_cost(state, {4, static_cast<unsigned>(state.range(0)) / 4, 4}); }
BENCHMARK(GrowthByCalls)->RangeMultiplier(2)->Range(8, 512)->Repetitions(5);

}  // namespace
