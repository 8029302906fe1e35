// Reads a schedule and its directives.

#include "emu/machine/hypercall.h"
#include "harness/text_read.h"
#include "harness/text_words.h"

namespace wdm::text {

namespace {

constexpr unsigned kMax16 = 65535;

Context take_context(Line& line) {
  const std::string_view word = line.take("a place: load, op N, teardown, dpc N, irq N or thread N");
  for (const ContextWord& known : kContexts) {
    if (known.word != word) continue;
    if (known.numbered) return {known.kind, static_cast<std::uint32_t>(line.take_number(word, 1, kMax16))};
    return {known.kind, known.kind == Context::Kind::teardown ? 1u : 0u};
  }
  line.fail("expected load, op N, teardown, dpc N, irq N or thread N, found `{}`", word);
}

std::uint16_t take_ddi(Line& line) {
  const std::string_view name = line.take("the name of a DDI");
  const std::uint16_t ddi = find_ddi(name);
  if (ddi == DDI_None) line.fail("unknown DDI `{}`", name);
  return ddi;
}

void take_point(Line& line, Directive& d) {
  if (line.take_if("start")) {
    d.phase = MACH_BEFORE;
  } else if (line.take_if("sent")) {
    d.phase = MACH_AFTER;
  } else if (line.take_if("blocked")) {
    d.phase = MACH_BLOCKED;
    if (line.take_if("in")) d.ddi = take_ddi(line);
  } else {
    d.phase = line.take_if("after") ? MACH_AFTER : MACH_BEFORE;
    if (d.phase == MACH_BEFORE) line.take_if("before");
    d.ddi = take_ddi(line);
  }
}

void take_occurrence(Line& line, Directive& d) {
  if (is_number(line.peek())) d.occurrence = static_cast<std::uint16_t>(line.take_number("occurrence", 1, kMax16));
}

std::uint8_t take_actor(Line& line) {
  const std::string_view word = line.take("who runs: T1, S1, main, irq0, dpc@0 or clock");
  const auto number = [&](std::size_t from, unsigned low, unsigned high) {
    return static_cast<unsigned>(line.number_in(word.substr(from), "actor", low, high));
  };
  if (word == "main") return 0;
  if (word.starts_with("irq")) {
    const bool elsewhere = word.ends_with(kElsewhere);
    const std::string_view line_number = word.substr(3, word.size() - 3 - (elsewhere ? kElsewhere.size() : 0));
    return static_cast<std::uint8_t>(kActorIrq + 2 * line.number_in(line_number, "actor", 0, kInterruptLines - 1) + elsewhere);
  }
  if (word == "clock") return kActorClock;
  if (word.starts_with("dpc@")) return static_cast<std::uint8_t>(kActorCpu + number(4, 0, limits::kMaxCpus - 1));
  if (word[0] == 'T') return static_cast<std::uint8_t>(number(1, 1, limits::kUserThreads));
  constexpr unsigned kDriverThreads = limits::kMaxThreads - limits::kFirstDriverThread;
  if (word[0] == 'S') return static_cast<std::uint8_t>(limits::kFirstDriverThread - 1 + number(1, 1, kDriverThreads));
  line.fail("expected who runs (T1, S1, main, irq0, dpc@0 or clock), found `{}`", word);
}

void expect_word(Line& line, std::string_view word) {
  if (line.take_if(word)) return;
  if (line.done()) line.fail("expected `{}`, found the end of the line", word);
  line.fail("expected `{}`, found `{}`", word, line.peek());
}

Directive read_run(Line& line) {
  Directive d;
  d.context = take_context(line);
  take_point(line, d);
  take_occurrence(line, d);
  expect_word(line, "run");
  d.actor = take_actor(line);
  return d;
}

Directive read_hold(Line& line) {
  Directive d;
  d.kind = Directive::Kind::hold;
  expect_word(line, "at");
  take_point(line, d);
  return d;
}

Directive read_fail(Line& line) {
  Directive d;
  d.kind = Directive::Kind::fail;
  expect_word(line, "at");
  d.context = take_context(line);
  take_point(line, d);
  take_occurrence(line, d);
  d.actor = 1;
  constexpr std::string_view kAnswer = "answer=";
  if (line.peek().starts_with(kAnswer))
    d.actor = static_cast<std::uint8_t>(line.number_in(line.take("").substr(kAnswer.size()), "answer", 1, 255));
  return d;
}

StrategyId take_strategy(Line& line) {
  const std::string_view word = line.take("a strategy");
  std::string known;
  for (unsigned i = 0; i < strategy_count(); ++i) {
    const auto id = static_cast<StrategyId>(i);
    if (strategy_name(id) == word) return id;
    known += fmt::format("{}{}", i ? ", " : "", strategy_name(id));
  }
  line.fail("unknown strategy `{}`; known are {}", word, known);
}

}  // namespace

Directive read_directive(Line& line) {
  const std::string_view word = line.take("a directive");
  const Directive d = word == "at" ? read_run(line) : word == "hold" ? read_hold(line) : read_fail(line);
  line.finish();
  return d;
}

Schedule read_schedule(Line& line) {
  Schedule schedule;
  schedule.strategy = take_strategy(line);
  while (!line.done()) {
    const std::string_view word = line.take("seed=, runs= or faults");
    if (schedule.strategy == StrategyId::directed)
      line.fail("a directed schedule has no `{}`: it is a single one", word);
    if (word.starts_with("seed="))
      schedule.seed = line.number_in(word.substr(5), "seed", 0, ~std::uint64_t{0});
    else if (word.starts_with("runs="))
      schedule.runs = static_cast<std::uint16_t>(line.number_in(word.substr(5), "runs", 1, limits::kMaxRuns));
    else if (word == "faults" && samples(schedule.strategy))
      schedule.faults = true;
    else
      line.fail("expected seed=, runs= or faults, found `{}`", word);
  }
  return schedule;
}

}  // namespace wdm::text
