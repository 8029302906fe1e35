// Who runs next. The only file that switches between threads.

#include <bit>
#include <utility>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"

namespace wdm {

namespace {

constexpr std::uint64_t bit(unsigned actor) { return std::uint64_t{1} << actor; }
constexpr std::uint64_t kClockBit = bit(kActorClock);
constexpr std::uint64_t kUserBits = (bit(limits::kFirstDriverThread) - 1) & ~bit(0);
constexpr std::uint64_t kCpuBits = (bit(limits::kFirstIdle + limits::kMaxCpus) - 1) & ~(bit(limits::kFirstIdle) - 1);
constexpr std::uint64_t kDriverBits = (bit(limits::kMaxThreads) - 1) & ~kUserBits & ~bit(0);
constexpr std::uint64_t kIrqBits = (bit(kActorIrqEnd) - 1) & ~(bit(kActorIrq) - 1);

constexpr std::uint32_t mix(std::uint32_t a, std::uint32_t b) {
  std::uint64_t h = (std::uint64_t{a} << 32 | b) * 0x9e3779b97f4a7c15ull;
  return static_cast<std::uint32_t>(h >> 32);
}

}  // namespace

void Machine::set_state(Thread& thread, Thread::State state) {
  thread.state = state;
  const std::uint64_t mask = bit(thread.id);
  running_mask_ &= ~mask;
  ready_mask_ &= ~mask;
  if (state == Thread::State::running) running_mask_ |= mask;
  if (state == Thread::State::ready && !thread.quiet_wait) ready_mask_ |= mask;
}

// Kept by processor, so that a step costs the same however many there are.
void Machine::set_irql(unsigned cpu, std::uint8_t irql) {
  cpus_[cpu].irql = irql;
  below_dispatch_ = (below_dispatch_ & ~(1u << cpu)) | (irql < kDispatch ? 1u << cpu : 0);
  if (!paged_blocks_.empty()) sync_paging();
  if (!flush_waits_.empty() && is_drained(cpu)) note_drained(cpu);
}

void Machine::set_thread(unsigned cpu, std::uint8_t thread) {
  cpus_[cpu].thread = thread;
  idle_cpus_ = (idle_cpus_ & ~(1u << cpu)) | (thread >= limits::kFirstIdle ? 1u << cpu : 0);
}

void Machine::note_dpcs(unsigned cpu) {
  dpc_cpus_ = (dpc_cpus_ & ~(1u << cpu)) | (cpus_[cpu].dpcs.empty() ? 0 : 1u << cpu);
  if (!flush_waits_.empty() && is_drained(cpu)) note_drained(cpu);
}

// Without the threads that are bound to a processor at DISPATCH_LEVEL or above.
std::uint64_t Machine::placeable(std::uint64_t ready) const {
  for (auto bound = bound_mask_ & ready; bound; bound &= bound - 1) {
    const auto thread = static_cast<unsigned>(std::countr_zero(bound));
    if ((below_dispatch_ >> threads_[thread].cpu & 1) == 0) ready &= ~bit(thread);
  }
  return ready;
}

std::uint64_t Machine::enabled_mask(bool can_continue, std::uint64_t& interrupts) const {
  std::uint64_t enabled = running_mask_;
  if (!can_continue) enabled &= ~bit(current_->id);
  interrupts = std::uint64_t{dpc_cpus_ & below_dispatch_} << kActorCpu;
  if (asserted_lines_) interrupts |= interrupt_actors();
  enabled |= interrupts;
  if (below_dispatch_ != 0) enabled |= bound_mask_ & ready_mask_ ? placeable(ready_mask_) : ready_mask_;
  // Whoever waits for quiet, the thread that tears down last.
  if (enabled == 0) enabled = quiet_mask_ & ~bit(0) ? quiet_mask_ & ~bit(0) : quiet_mask_;
  const bool may_fire = enabled == 0 ? idle_fires_ < limits::kMaxIdleFires : chosen_fires_ < limits::kMaxChosenFires;
  if (!timers_.empty() && may_fire) {
    enabled |= kClockBit;
    interrupts |= kClockBit;
  }
  return enabled;
}

// The non-preemptive order: whoever runs goes on. When it cannot, or between two operations: interrupts, DPCs, the driver's own
// threads, then operations in the order of the scenario, then whoever waits for quiet, and only then time passes.
unsigned Machine::fallback(std::uint64_t enabled, bool can_continue, bool boundary) const {
  if (can_continue && !boundary) return current_->id;
  if (const auto irqs = enabled & kIrqBits) return static_cast<unsigned>(std::countr_zero(irqs));
  // A DPC under way on an otherwise idle processor, then those that wait.
  if (const auto under_way = enabled & running_mask_ & kCpuBits) return static_cast<unsigned>(std::countr_zero(under_way));
  if (const auto dpcs = enabled & kCpuBits) return static_cast<unsigned>(std::countr_zero(dpcs));
  if (const auto driver = enabled & kDriverBits) return static_cast<unsigned>(std::countr_zero(driver));
  unsigned best = kNoActor;
  for (auto users = enabled & kUserBits; users; users &= users - 1) {
    const auto u = static_cast<unsigned>(std::countr_zero(users));
    if (best == kNoActor || threads_[u].order < threads_[best].order) best = u;
  }
  if (best != kNoActor) return best;
  return static_cast<unsigned>(std::countr_zero(enabled));
}

void Machine::set_pending(std::uint16_t ddi, std::uint8_t phase, const void* object, std::uint32_t site) {
  Pending& pending = pending_[current_->id];
  const std::uint16_t context = context_[current_->id];
  pending.ddi = ddi;
  pending.phase = phase;
  pending.blocked = phase == MACH_BLOCKED;
  pending.site = site;
  pending.object = reinterpret_cast<std::uint64_t>(object);
  pending.context = context;
  pending.step = ++steps_[context];
  pending.log = static_cast<std::uint32_t>(point_log_.size());
  point_log_.push_back(std::uint32_t{context} << 16 | ddi << 2 | phase);
}

void Machine::point(std::uint16_t ddi, std::uint8_t phase, const void* object, const void* pc) {
  const std::uint32_t site = site_of(pc);
  set_pending(ddi, phase, object, site);
  if (phase == MACH_BEFORE) append(EVENT_DdiEnter, object ? objects_.find(object) : 0, 0, 0, site);
  if (++result_.stats.steps > options_.max_steps)
    end(Outcome::limit, "more than " + std::to_string(options_.max_steps) + " scheduling points in one run");
  if (alone()) [[likely]] return;
  schedule(true);
}

void Machine::schedule(bool can_continue, bool boundary) {
  Thread& self = *current_;
  for (;;) {
    std::uint64_t interrupts;
    const std::uint64_t enabled = enabled_mask(can_continue, interrupts);
    if (enabled == bit(self.id) && can_continue) return;
    if (enabled == 0) {
      if (report_stuck(true)) end(Outcome::driver_bug, "nothing can run any more");
      end(Outcome::emu_bug, "nothing can run and nobody is stuck in the driver");
    }
    const unsigned ordinary = fallback(enabled, can_continue, boundary);
    unsigned actor = ordinary;
    if (!std::has_single_bit(enabled)) {
      had_choice_ = true;
      const PointView view{enabled, self.id, can_continue ? self.id : kNoActor, ordinary, pending_.data(),
                           &trace_.contexts, &point_log_, interrupts};
      actor = strategy_->pick(view);
      if (actor >= kNoActor || !(enabled & bit(actor))) end(Outcome::emu_bug, "the strategy picked who cannot run");
      if (actor != ordinary) {
        decide(Directive::Kind::run, actor);
        if (can_continue && !boundary && !view.is_interrupt(actor)) ++result_.stats.preemptions;
      }
    }
    if (actor == kActorClock) {
      ++(enabled == kClockBit ? idle_fires_ : chosen_fires_);
      fire_timer();
      if (can_continue) {
        deliver_pending();
        return;
      }
      const Pending at = pending_[self.id];
      set_pending(at.ddi, MACH_BLOCKED, reinterpret_cast<const void*>(at.object), at.site);
      continue;
    }
    if (interrupts & bit(actor)) {
      const bool irq = (kIrqBits & bit(actor)) != 0;
      const unsigned cpu = irq ? interrupt_processor(actor) : actor - kActorCpu;
      Thread& target = threads_[cpus_[cpu].thread];
      if (irq)
        target.deliver_line = static_cast<std::uint8_t>((actor - kActorIrq) / 2 + 1);
      else
        target.deliver_dpcs = true;
      if (&target != &self || !can_continue) switch_to(target);
    } else if (actor != self.id) {
      Thread& next = threads_[actor];
      if (next.state == Thread::State::ready) place(next);
      switch_to(next);
    } else if (self.state == Thread::State::ready) {
      place(self);  // blocked, and nobody else ran until it was woken
    }
    deliver();
    return;
  }
}

void Machine::decide(Directive::Kind kind, unsigned answer) {
  const Pending& at = pending_[current_->id];
  decisions_.push_back({kind, trace_.contexts[at.context], at.ddi, at.phase, 0, static_cast<std::uint8_t>(answer)});
  decision_points_.push_back(at.log);
}

std::vector<Directive> Machine::decisions() const {
  std::vector<Directive> named = decisions_;
  for (std::size_t i = 0; i < named.size(); ++i) named[i].occurrence = occurrence_of(point_log_, decision_points_[i]);
  return named;
}

void Machine::switch_to(Thread& next) {
  Thread& self = *current_;
  if (&next == &self) return;
  ++result_.stats.switches;
  features_.push_back(mix(pending_[self.id].site, pending_[next.id].site));
  current_ = &next;
  if (!paged_blocks_.empty()) sync_paging();
  next.fiber.switch_from(self.fiber, self.state == Thread::State::finished);
  if (trap_) __builtin_trap();
}

unsigned Machine::processor_for(const Thread& thread) const {
  if (thread.bound) return thread.cpu;
  const std::uint32_t idle = idle_cpus_ & below_dispatch_;
  const std::uint32_t own = 1u << thread.cpu;
  if (idle & own) return thread.cpu;
  if (idle) return static_cast<unsigned>(std::countr_zero(idle));
  if (below_dispatch_ & own) return thread.cpu;
  return static_cast<unsigned>(std::countr_zero(below_dispatch_));
}

void Machine::place(Thread& thread) {
  const unsigned c = processor_for(thread);
  Processor& processor = cpus_[c];
  Thread& displaced = threads_[processor.thread];
  if (displaced.id < limits::kFirstIdle) {
    displaced.irql = processor.irql;
    set_state(displaced, Thread::State::ready);
  }
  set_thread(c, thread.id);
  set_irql(c, thread.irql);
  thread.cpu = static_cast<std::uint8_t>(c);
  thread.quiet_wait = false;
  quiet_mask_ &= ~bit(thread.id);
  set_state(thread, Thread::State::running);
  if (!paged_blocks_.empty()) sync_paging();
}

void Machine::leave_processor(Thread& thread) {
  Processor& processor = cpus_[thread.cpu];
  thread.irql = processor.irql;
  set_irql(thread.cpu, kPassive);
  set_thread(thread.cpu, static_cast<std::uint8_t>(limits::kFirstIdle + thread.cpu));
}

// What this thread was picked for by the schedule, before it goes on.
void Machine::deliver() {
  Thread& self = *current_;
  if (const unsigned line = std::exchange(self.deliver_line, std::uint8_t{0})) take_interrupt(line - 1);
  if (std::exchange(self.deliver_dpcs, false)) drain_dpcs();
}

void Machine::deliver_pending() {
  const Processor& processor = cpus_[current_->cpu];
  if (processor.irql < kDispatch && !processor.dpcs.empty()) drain_dpcs();
}

void Machine::wait_until_quiet() {
  Thread& self = *current_;
  leave_processor(self);
  self.quiet_wait = true;
  quiet_mask_ |= bit(self.id);
  set_state(self, Thread::State::ready);
  set_pending(DDI_None, MACH_BLOCKED, nullptr, kNoSite);
  schedule(false);
}

void Machine::operation_boundary(std::uint32_t index, std::uint32_t id) {
  current_->order = index;
  if (std::exchange(current_->starting, false)) return;  // it was picked to start: no second question
  begin_context(Context::Kind::operation, id);
  set_pending(DDI_None, MACH_BEFORE, nullptr, kNoSite);
  schedule(true, true);
}

}  // namespace wdm
