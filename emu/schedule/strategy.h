// A strategy answers one question: which actor runs next. One small file per strategy; its head names the paper.
//
// To add a strategy: one line in strategies.def, one source here, one test in tests/emu/schedule.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "emu/trace/trace.h"

namespace wdm {

// Actors are bit positions: threads first, then the interrupt lines, the processors, the clock.
inline constexpr unsigned kInterruptLines = 2;
inline constexpr unsigned kActorIrq = 27;    // + 2 * line: the processor at hand takes its interrupt; + 1: another one does
inline constexpr unsigned kActorIrqEnd = kActorIrq + 2 * kInterruptLines;
inline constexpr unsigned kActorCpu = 31;    // + processor: takes its DPC queue, or goes on with it when it has nothing else
inline constexpr unsigned kActorClock = 63;  // the next due timer fires
inline constexpr unsigned kNoActor = 64;

enum class StrategyId : std::uint8_t {
#define STRATEGY(name, file, text) name,
#include "emu/schedule/strategies.def"
#undef STRATEGY
};
std::string_view strategy_name(StrategyId id);
// Does it draw from the seed who runs, or does the scenario say so?
bool samples(StrategyId id);
// Number of strategies.
unsigned strategy_count();

// "When operation 3 is, for the first time, just after IoSetCancelRoutine, T2 runs instead of what would have run."
struct Directive {
  enum class Kind : std::uint8_t { run, hold, fail };  // fail: what is chosen there is answered with `actor`
  Kind kind = Kind::run;
  Context context{};              // run: which context; hold: ignored
  std::uint16_t ddi = 0;          // DDI_*, at which point; DDI_None: between operations (BEFORE) or at the end (BLOCKED)
  std::uint8_t phase = 0;         // MACH_BEFORE, MACH_AFTER, MACH_BLOCKED
  std::uint16_t occurrence = 1;   // the n-th such point of that context, from 1
  std::uint8_t actor = 0;         // run: who runs then. hold: unused
  bool operator==(const Directive&) const = default;
};

// A schedule is a value; `explicit` with no directives is the non-preemptive schedule.
struct Schedule {
  StrategyId strategy = StrategyId::directed;
  std::uint64_t seed = 0;
  std::uint16_t runs = 1;  // K: how many schedules the input runs
  std::vector<Directive> directives;
  bool faults = false;  // a sampling strategy answers faults (emu/trace/choices.def), too
  bool operator==(const Schedule&) const = default;
};

// The next step of an actor: where it stands.
struct Pending {
  std::uint16_t ddi = 0;
  std::uint8_t phase = 0;
  bool blocked = false;
  std::uint32_t site = kNoSite;       // code offset in the driver
  std::uint64_t object = 0;           // address it works on (compare only)
  std::uint16_t context = 0;          // index into Trace::contexts
  std::uint16_t step = 0;             // steps made in this context
  std::uint32_t log = 0;              // index of this step in PointView::log
};

struct PointView {
  std::uint64_t enabled;   // actors that can run, never empty
  unsigned last;           // actor that ran last; its `pending` is the place a directive names
  unsigned current;        // the same, or kNoActor if it cannot go on
  unsigned fallback;       // what the non-preemptive schedule would pick: current if it can, else the lowest ready
  const Pending* pending;  // by actor
  const std::vector<Context>* contexts;
  const std::vector<std::uint32_t>* log;  // every step so far: context << 16 | ddi * 4 + phase
  std::uint64_t interrupts = std::uint64_t{1} << kActorClock;  // of the enabled: those that begin something and have no `pending`

  bool is_interrupt(unsigned actor) const { return interrupts >> actor & 1; }
};

// How often the context of step `index` had been at the same DDI and phase by then, from 1. Counted when asked for, since
// hardly anybody asks.
std::uint16_t occurrence_of(const std::vector<std::uint32_t>& log, std::uint32_t index);

class Strategy {
 public:
  virtual ~Strategy() = default;
  // Before run number `run` (0 ... runs-1) of `schedule`.
  virtual void begin(const Schedule& schedule, unsigned run) = 0;
  // Who runs next; must be a member of view.enabled. Called only when there is a choice.
  virtual unsigned pick(const PointView& view) = 0;
  // A non-deterministic answer in [0, n); 0 is the ordinary one.
  // `view.last` is who asks.
  virtual unsigned choose(unsigned kind, unsigned n, const PointView& view) {
    (void)kind, (void)n, (void)view;
    return 0;
  }
  // Can another run of the same schedule answer a question of this kind otherwise?
  virtual bool may_answer(unsigned kind) const {
    (void)kind;
    return false;
  }
  // After a run: there is nothing left for further runs of the same schedule to try.
  virtual bool exhausted() const { return false; }
};

std::unique_ptr<Strategy> make_strategy(StrategyId id);

}  // namespace wdm
