#include "emu/machine/machine.h"

#include "emu/machine/hypercall.h"

namespace wdm {

// Never destroyed: fibers may outlive static destruction.
Machine& the_machine = *new Machine;

Machine::Machine() {
  for (unsigned t = 0; t < threads_.size(); ++t) threads_[t].id = static_cast<std::uint8_t>(t);
  main_.adopt_current_thread();
}

void Machine::reset(const DriverImage& image, unsigned cpus, Strategy& strategy, const RunOptions& options) {
  release_memory();
  cpu_count_ = cpus;
  strategy_ = &strategy;
  options_ = options;
  text_begin_ = reinterpret_cast<std::uintptr_t>(image.text_begin);
  text_size_ = reinterpret_cast<std::uintptr_t>(image.text_end) - text_begin_;

  reset_devices();
  timers_.clear();
  timer_order_ = 0;
  chosen_fires_ = idle_fires_ = 0;
  time_ = 132'000'000'000'000'000;  // some day in 2019: a system time of 0 is nobody's real clock
  for (std::size_t i = 0; i < lock_count_; ++i) locks_[i].address = nullptr;
  lock_count_ = 0;
  dead_locks_.clear();
  trace_.clear();
  trace_.objects.push_back({});
  objects_.clear();
  live_objects_.clear();
  live_positions_.assign(1, 0);
  object_numbers_ = {};
  steps_.clear();
  point_log_.clear();
  decisions_.clear();
  decision_points_.clear();
  context_numbers_ = {};
  activations_ = 0;
  tracker_.reset();
  result_ = {};
  features_.clear();
  debug_output_.clear();
  had_choice_ = false;
  failed_ = nullptr;
  in_clock_ = false;
  below_dispatch_ = idle_cpus_ = dpc_cpus_ = 0;
  flush_waits_.clear();
  running_mask_ = ready_mask_ = quiet_mask_ = bound_mask_ = 0;

  const unsigned used = std::max(thread_limit_, limits::kFirstDriverThread);
  for (unsigned t = 0; t < used; ++t) {
    Thread& thread = threads_[t];
    thread.state = Thread::State::free;
    thread.irql = kPassive;
    thread.depth = 0;
    thread.cpu = 0;
    thread.deliver_dpcs = thread.granted = thread.quiet_wait = thread.bound = false;
    thread.deliver_line = 0;
    thread.spins_on = nullptr;
    thread.kernel_object = nullptr;
    thread.object = 0;
    thread.waits_for = 0;
    thread.order = 0;
    pending_[t] = {};
    context_[t] = 0;
  }
  thread_limit_ = limits::kFirstDriverThread;
  trace_.contexts.push_back({Context::Kind::setup, 0});
  steps_.push_back(0);
  for (unsigned c = 0; c < cpus; ++c) {
    Thread& idle = threads_[limits::kFirstIdle + c];
    set_irql(c, kPassive);
    set_thread(c, idle.id);
    cpus_[c].dpcs.clear();
    idle.cpu = static_cast<std::uint8_t>(c);
    idle.kind = MACH_THREAD_IDLE;
    idle.depth = 0;
    idle.deliver_dpcs = false;
    idle.deliver_line = 0;
    idle.state = Thread::State::running;
    pending_[idle.id] = {};
    idle.fiber.prepare(&Machine::idle_main, &idle);
    context_[idle.id] = static_cast<std::uint16_t>(trace_.contexts.size());
    trace_.contexts.push_back({Context::Kind::idle, c + 1});
    steps_.push_back(0);
  }
}

const RunResult& Machine::run(const DriverImage& image, unsigned cpus, Strategy& strategy, const RunOptions& options,
                              void (*body)(void*), void* argument) {
  catch_user_faults();
  reset(image, cpus, strategy, options);
  Thread& first = threads_[0];
  first.kind = MACH_THREAD_SYSTEM;
  current_ = &first;
  first.object = thread_object(first, nullptr);
  start(first, body, argument);
  set_thread(0, 0);
  set_state(first, Thread::State::running);
  running_ = true;
  first.fiber.enter_from(main_);
  had_choice_ &= !strategy.exhausted();
  if (result_.outcome != Outcome::clean) result_.decisions = decisions();
  return result_;
}

// Back to the caller of `run`. The fibers that are left are forgotten; their stacks are used again.
void Machine::stop() {
  running_ = false;
  failed_ = &current_->fiber;
  current_->fiber.leave_to(main_);
  __builtin_trap();
}

void Machine::trap_on_failed_fiber() {
  trap_ = true;
  failed_->enter_from(main_);
  __builtin_trap();
}

}  // namespace wdm
