// A scenario to its canonical text (grammar in README.md). Only what differs from the default is written.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "emu/machine/hypercall.h"
#include "harness/text_words.h"

namespace wdm {

namespace {

using namespace text;
using Out = fmt::memory_buffer;

template <class... Arguments>
void put(Out& out, fmt::format_string<Arguments...> form, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), form, std::forward<Arguments>(arguments)...);
}

void put_duration(Out& out, std::uint64_t ticks_100ns) {
  for (const Unit& unit : kUnits)
    if (ticks_100ns != 0 && ticks_100ns % unit.ticks_100ns == 0)
      return put(out, " {}{}", ticks_100ns / unit.ticks_100ns, unit.word);
  put(out, " {}ns", ticks_100ns * 100);
}

void put_code(Out& out, const Operation& op, std::string_view key) {
  if (key.empty())
    put(out, " {:#x}", op.code);
  else if (op.code != 0)
    put(out, " {}={}", key, op.code);
}

// What stands without a key.
void put_positional(Out& out, const Operation& op, const OpFields& has) {
  if (has.handle) put(out, " h{}", op.handle);
  if (has.target) put(out, " op {}", op.target);
  if (has.time) put_duration(out, op.offset);
  if (has.code) put_code(out, op, has.code);
}

void put_data(Out& out, const std::vector<std::uint8_t>& data) {
  put(out, " in=");
  for (const std::uint8_t byte : data) put(out, "{:02x}", byte);
}

void put_keys(Out& out, const Operation& op, const OpFields& has) {
  if (has.device && op.device) put(out, " device={}", op.device);
  if (has.minor && op.minor) put(out, " minor={}", op.minor);
  if (has.data && !op.data.empty()) put_data(out, op.data);
  if (has.out && op.out_size) put(out, " out={}", op.out_size);
  if (has.offset && op.offset) put(out, " offset={:#x}", op.offset);
  if (has.irql && op.irql) put(out, " irql={}", op.irql);
  if (has.pointers && op.pointers) put(out, " pointers={}", kPointers[op.pointers & 3]);
  if (has.cancelled && op.cancelled) put(out, " cancelled");
  if (has.synchronous && op.synchronous) put(out, " synchronous");
}

void put_operation(Out& out, const Operation& op) {
  const OpFields& has = fields_of(op.kind);
  put(out, "{}: T{} {}", op.id, op.thread, op_word(op.kind));
  put_positional(out, op, has);
  put_keys(out, op, has);
  put(out, "\n");
}

void put_context(Out& out, const Context& context) {
  const ContextWord& word = kContexts[static_cast<unsigned>(context.kind)];
  put(out, " {}", word.word);
  if (word.numbered) put(out, " {}", context.number);
}

std::string_view phase_word(std::uint8_t phase, bool at_ddi) {
  switch (phase) {
    case MACH_BEFORE:
      return at_ddi ? "before" : "start";
    case MACH_AFTER:
      return at_ddi ? "after" : "sent";
    default:
      return at_ddi ? "blocked in" : "blocked";
  }
}

void put_place(Out& out, const Directive& d) {
  const bool at_ddi = d.ddi != DDI_None;
  const bool implied = d.kind == Directive::Kind::fail && at_ddi && d.phase == MACH_BEFORE;
  if (!implied) put(out, " {}", phase_word(d.phase, at_ddi));
  if (at_ddi) put(out, " {}", ddi_name(d.ddi));
  // The first time is written as well where there is a name: a name alone would read as "each time".
  if (d.kind != Directive::Kind::hold && (at_ddi || d.occurrence != 1)) put(out, " {}", d.occurrence);
}

std::string actor_word(unsigned actor) {
  if (actor == 0) return "main";
  if (actor < limits::kFirstDriverThread) return fmt::format("T{}", actor);
  if (actor >= kActorIrq && actor < kActorIrqEnd)
    return fmt::format("irq{}{}", (actor - kActorIrq) / 2, (actor - kActorIrq) % 2 ? kElsewhere : "");
  if (actor < kActorCpu) return fmt::format("S{}", actor - limits::kFirstDriverThread + 1);
  if (actor < kActorClock) return fmt::format("dpc@{}", actor - kActorCpu);
  return "clock";
}

void put_directive(Out& out, const Directive& d) {
  switch (d.kind) {
    case Directive::Kind::run:
      put(out, "  at");
      put_context(out, d.context);
      put_place(out, d);
      put(out, " run {}", actor_word(d.actor));
      break;
    case Directive::Kind::hold:
      put(out, "  hold at");
      put_place(out, d);
      break;
    case Directive::Kind::fail:
      put(out, "  fail at");
      put_context(out, d.context);
      put_place(out, d);
      if (d.actor != 1) put(out, " answer={}", d.actor);
      break;
  }
  put(out, "\n");
}

void put_schedule(Out& out, const Schedule& schedule) {
  put(out, "schedule {}", strategy_name(schedule.strategy));
  if (schedule.seed) put(out, " seed={:#x}", schedule.seed);
  if (schedule.runs != 1) put(out, " runs={}", schedule.runs);
  if (schedule.faults) put(out, " faults");
  put(out, "\n");
  for (const Directive& d : schedule.directives) put_directive(out, d);
}

}  // namespace

std::string to_text(const Scenario& scenario) {
  Out out;
  put(out, "wdmfuzz 1\n");
  if (!scenario.driver.empty()) put(out, "driver {}\n", scenario.driver);
  put(out, "cpus {}\n", scenario.cpus);
  if (scenario.above) put(out, "client driver\n");
  for (const Operation& op : scenario.operations) put_operation(out, op);
  put_schedule(out, scenario.schedule);
  if (!scenario.expect.empty()) put(out, "expect {}\n", scenario.expect);
  return fmt::to_string(out);
}

}  // namespace wdm
