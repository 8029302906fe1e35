// IRQL, DPC queues and timers: what interrupts a processor, and when.

#include <algorithm>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"

namespace wdm {

std::uint8_t Machine::raise_irql(std::uint8_t irql, const void* pc) {
  Processor& processor = cpus_[current_->cpu];
  const std::uint8_t old = processor.irql;
  event(EVENT_IrqlRaise, 0, irql, old, pc);
  set_irql(current_->cpu, irql);
  return old;
}

void Machine::lower_irql(std::uint8_t irql, const void* pc) {
  Processor& processor = cpus_[current_->cpu];
  event(EVENT_IrqlLower, 0, irql, processor.irql, pc);
  set_irql(current_->cpu, irql);
  deliver_pending();
}

// A DPC runs nested on whatever its processor was doing.
void Machine::drain_dpcs() {
  Thread& self = *current_;
  Processor& processor = cpus_[self.cpu];
  const std::uint8_t old = processor.irql;
  const std::uint16_t context = context_[self.id];
  const Pending pending = pending_[self.id];
  // An idle thread can be chosen only while it runs DPCs.
  const std::uint64_t idle = self.id >= limits::kFirstIdle ? std::uint64_t{1} << self.id : 0;
  running_mask_ |= idle;
  while (!processor.dpcs.empty()) {
    set_irql(self.cpu, kDispatch);
    void* const dpc = processor.dpcs.front();
    processor.dpcs.pop_front();
    note_dpcs(self.cpu);
    begin_context(Context::Kind::dpc, 0);
    nt_run_dpc(dpc);
  }
  set_irql(self.cpu, old);
  running_mask_ &= ~idle;
  context_[self.id] = context;
  pending_[self.id] = pending;
}

void Machine::dpc_queue(unsigned cpu, void* dpc, bool at_head) {
  auto& queue = cpus_[cpu].dpcs;
  if (at_head)
    queue.push_front(dpc);
  else
    queue.push_back(dpc);
  note_dpcs(cpu);
  if (cpu == current_->cpu && !in_clock_ && current_->state == Thread::State::running) deliver_pending();
}

bool Machine::dpc_remove(void* dpc) {
  for (unsigned c = 0; c < cpu_count_; ++c)
    if (std::erase(cpus_[c].dpcs, dpc)) return note_dpcs(c), true;
  return false;
}

void Machine::dpc_flush(const void* pc) {
  // The caller's own processor has nothing to finish but its queue.
  std::uint32_t behind = 0;
  for (unsigned c = 0; c < cpu_count_; ++c)
    if (!is_drained(c) && (c != current_->cpu || !cpus_[c].dpcs.empty())) behind |= 1u << c;
  if (behind == 0) return;
  flush_waits_.push_back({current_->id, behind});
  block(0, nullptr, pc);
}

bool Machine::is_drained(unsigned cpu) const { return cpus_[cpu].dpcs.empty() && cpus_[cpu].irql < kDispatch; }

void Machine::note_drained(unsigned cpu) {
  std::erase_if(flush_waits_, [&](FlushWait& wait) {
    wait.behind &= ~(1u << cpu);
    if (wait.behind == 0) wake(wait.thread, 0);
    return wait.behind == 0;
  });
}

void Machine::timer_set(void* timer, std::uint64_t due, unsigned cpu) {
  timers_.push_back({due, timer_order_++, timer, static_cast<std::uint8_t>(cpu), 0});
}

bool Machine::timer_cancel(void* timer) {
  return std::erase_if(timers_, [&](const Timer& t) { return t.timer == timer; }) != 0;
}

// The clock interrupt: it can come at any IRQL, and only queues or wakes.
void Machine::fire_timer() {
  const auto next = std::min_element(timers_.begin(), timers_.end(), [](const Timer& a, const Timer& b) {
    return a.due != b.due ? a.due < b.due : a.order < b.order;
  });
  const Timer timer = *next;
  timers_.erase(next);
  time_ = std::max(time_, timer.due);
  if (!timer.timer) return wake(timer.thread, MACH_TIMED_OUT);
  in_clock_ = true;
  nt_timer_expired(timer.timer);
  in_clock_ = false;
}

bool Machine::has_timer_set_before(std::uint64_t count) const {
  return std::any_of(timers_.begin(), timers_.end(), [&](const Timer& timer) { return timer.order < count; });
}

bool Machine::advance_clock() {
  if (timers_.empty() || idle_fires_ >= limits::kMaxIdleFires) return false;
  ++idle_fires_;
  fire_timer();
  deliver_pending();
  return true;
}

}  // namespace wdm
