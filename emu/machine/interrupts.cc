// Interrupt lines: asserted by the device, taken by a processor when the schedule says so. The service routine runs nested on
// whatever its processor was doing below the line's IRQL, DPCs included.

#include <bit>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"

namespace wdm {

void Machine::interrupt_connect(unsigned number, void* handler, std::uint8_t irql, std::uint64_t processors) {
  if (number >= kInterruptLines) end(Outcome::emu_bug, "there is no such interrupt line");
  InterruptLine& line = lines_[number];
  line.handler = handler;
  line.irql = irql;
  line.processors = static_cast<std::uint32_t>(processors) & static_cast<std::uint32_t>((std::uint64_t{1} << cpu_count_) - 1);
  if (!handler) asserted_lines_ &= ~(1u << number);
}

bool Machine::interrupt_assert(unsigned number, const std::uint8_t* answers, std::size_t size) {
  if (number >= kInterruptLines || !lines_[number].handler) {
    device_answers(answers, size);
    return false;
  }
  lines_[number].answers.assign(answers, answers + size);
  asserted_lines_ |= 1u << number;
  return true;
}

// A processor that spins for a lock could be interrupted too; an interrupt just before or after that shows the same.
bool Machine::takes_interrupt(unsigned cpu, const InterruptLine& line) const {
  const Thread& thread = threads_[cpus_[cpu].thread];
  return (line.processors >> cpu & 1) && cpus_[cpu].irql < line.irql && thread.state == Thread::State::running;
}

// The processor at hand, or the first other one; idle ones first.
unsigned Machine::interrupt_processor(unsigned actor) const {
  const InterruptLine& line = lines_[(actor - kActorIrq) / 2];
  const unsigned here = current_->cpu;
  if ((actor - kActorIrq) % 2 == 0) return takes_interrupt(here, line) ? here : cpu_count_;
  for (const std::uint32_t candidates : {idle_cpus_, ~idle_cpus_})
    for (unsigned c = 0; c < cpu_count_; ++c)
      if (c != here && (candidates >> c & 1) && takes_interrupt(c, line)) return c;
  return cpu_count_;
}

std::uint64_t Machine::interrupt_actors() const {
  std::uint64_t actors = 0;
  for (std::uint32_t lines = asserted_lines_; lines; lines &= lines - 1)
    for (unsigned elsewhere = 0; elsewhere < 2; ++elsewhere) {
      const unsigned actor = kActorIrq + 2 * static_cast<unsigned>(std::countr_zero(lines)) + elsewhere;
      if (interrupt_processor(actor) < cpu_count_) actors |= std::uint64_t{1} << actor;
    }
  return actors;
}

void Machine::take_interrupt(unsigned number) {
  Thread& self = *current_;
  InterruptLine& line = lines_[number];
  const std::uint8_t old = cpus_[self.cpu].irql;
  const std::uint16_t context = context_[self.id];
  const Pending pending = pending_[self.id];
  // An idle thread can be chosen only while it runs interrupts and DPCs.
  const std::uint64_t idle = self.id >= limits::kFirstIdle ? std::uint64_t{1} << self.id & ~running_mask_ : 0;
  running_mask_ |= idle;
  asserted_lines_ &= ~(1u << number);
  answers_.swap(line.answers);
  answers_at_ = 0;
  set_irql(self.cpu, line.irql);
  begin_context(Context::Kind::interrupt, 0);
  nt_run_isr(line.handler);
  set_irql(self.cpu, old);
  running_mask_ &= ~idle;
  context_[self.id] = context;
  pending_[self.id] = pending;
  deliver_pending();
}

}  // namespace wdm
