// The workload by which schedule engines are compared: each of n threads does m times lock; load; store; unlock, with every
// one of the four a scheduling point.
#pragma once

#include <cstdint>
#include <memory>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm::bench {

struct Workload {
  unsigned threads;
  unsigned operations;  // of each thread
  unsigned cpus = threads;
};

class Runner {
 public:
  explicit Runner(StrategyId id) : strategy_(make_strategy(id)) {
    schedule_.strategy = id;
    strategy_->begin(schedule_, 0);
    run_once({2, 1});
  }

  // Returns the number of scheduling points of that run.
  std::uint64_t run(const Workload& workload, std::uint64_t seed) {
    schedule_.seed = seed;
    strategy_->begin(schedule_, 1);
    return run_once(workload);
  }

 private:
  struct Job {
    Runner* runner;
    Workload workload;
  };

  static void body(void* argument) {
    Job& job = *static_cast<Job*>(argument);
    for (unsigned t = 1; t <= job.workload.threads; ++t) machine().create_user_thread(t, user, &job, t, t);
    machine().wait_until_quiet();
  }

  static void user(void* argument) {
    Job& job = *static_cast<Job*>(argument);
    Runner& self = *job.runner;
    Machine& m = machine();
    for (unsigned i = 0; i < job.workload.operations; ++i) {
      m.point(DDI_KeAcquireSpinLockRaiseToDpc, MACH_BEFORE, &self.lock_, nullptr);
      const auto old = m.raise_irql(kDispatch, nullptr);
      m.lock_acquire(&self.lock_, MACH_LOCK_SPIN, old, nullptr);
      m.point(DDI_None, MACH_BEFORE, const_cast<std::uint32_t*>(&self.counter_), nullptr);
      const std::uint32_t seen = self.counter_;
      m.point(DDI_None, MACH_BEFORE, const_cast<std::uint32_t*>(&self.counter_), nullptr);
      self.counter_ = seen + 1;
      m.point(DDI_KeReleaseSpinLock, MACH_BEFORE, &self.lock_, nullptr);
      m.lock_release(&self.lock_, MACH_LOCK_SPIN, old, nullptr);
      m.lower_irql(old, nullptr);
    }
  }

  std::uint64_t run_once(const Workload& workload) {
    lock_ = 0;
    Job job{this, workload};
    RunOptions options;
    options.rules = false;
    return machine()
        .run({"bench", nullptr, nullptr, nullptr}, workload.cpus, *strategy_, options, body, &job)
        .stats.steps;
  }

  std::unique_ptr<Strategy> strategy_;
  Schedule schedule_;
  std::uint64_t lock_ = 0;
  volatile std::uint32_t counter_ = 0;
};

}  // namespace wdm::bench
