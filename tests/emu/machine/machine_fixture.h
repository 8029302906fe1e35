// Machine tests run on the bare machine: native functions as threads, and a kernel of a few lines instead of emu/nt.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm::test {

// What the stub kernel does when a DPC runs, a timer fires or an interrupt comes.
extern std::function<void(void*)> on_dpc;
extern std::function<void(void*)> on_timer;
extern std::function<void(void*)> on_isr;

class MachineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    on_dpc = [](void*) {};
    on_timer = [](void*) {};
    on_isr = [](void*) {};
    schedule_.strategy = StrategyId::directed;
    options_.rules = false;
  }

  // Runs `threads` as user threads 1, 2, ... on `cpus` processors; `main` runs first, on thread 0.
  RunResult run(unsigned cpus, std::vector<std::function<void()>> threads, std::function<void()> main = {}) {
    threads_ = std::move(threads);
    main_ = std::move(main);
    const auto strategy = make_strategy(schedule_.strategy);
    for (unsigned i = 0; i < schedule_.runs; ++i) {
      strategy->begin(schedule_, i);
      result_ = machine().run({"test", nullptr, nullptr, nullptr}, cpus, *strategy, options_, body, this);
      if (result_.outcome != Outcome::clean) break;
    }
    return result_;
  }

  static void point(const void* object = nullptr) { machine().point(DDI_KeInitializeSpinLock, MACH_AFTER, object, nullptr); }

  // "When user thread `from` is the nth time at `point()`, `actor` runs."
  void preempt(unsigned from, std::uint16_t nth, unsigned actor) {
    schedule_.directives.push_back({Directive::Kind::run, {Context::Kind::operation, from}, DDI_KeInitializeSpinLock,
                                    MACH_AFTER, nth, static_cast<std::uint8_t>(actor)});
  }

  void note(std::string what) { log_.push_back(std::move(what)); }

  static std::vector<Event> events(std::uint16_t kind) {
    std::vector<Event> found;
    for (const Event& e : machine().trace().events)
      if (e.kind == kind) found.push_back(e);
    return found;
  }

  Schedule schedule_;
  RunOptions options_;
  RunResult result_;
  std::vector<std::string> log_;

 private:
  static void body(void* argument) {
    auto& self = *static_cast<MachineTest*>(argument);
    if (self.main_) self.main_();
    for (unsigned t = 0; t < self.threads_.size(); ++t) machine().create_user_thread(t + 1, user, &self, t, t + 1);
    do machine().wait_until_quiet();
    while (machine().advance_clock());
    if (machine().report_stuck(true)) machine().end(Outcome::driver_bug, "stuck");
  }

  static void user(void* argument) {
    auto& self = *static_cast<MachineTest*>(argument);
    const unsigned t = machine().current().id;
    machine().operation_boundary(t - 1, t);
    self.threads_[t - 1]();
  }

  std::vector<std::function<void()>> threads_;
  std::function<void()> main_;
};

}  // namespace wdm::test
