// Directed: the non-preemptive schedule, except where a directive of the scenario says otherwise. Replays what any other
// strategy did, since a run's decisions are directives.

#include "emu/schedule/strategy.h"

namespace wdm {

namespace {

class Directed final : public Strategy {
 public:
  void begin(const Schedule& schedule, unsigned) override { directives_ = &schedule.directives; }

  unsigned pick(const PointView& view) override {
    for (const Directive& d : *directives_)
      if (d.kind == Directive::Kind::run && d.actor < kNoActor && view.enabled >> d.actor & 1 && here(d, view))
        return d.actor;
    return unheld(view);
  }

  unsigned choose(unsigned, unsigned n, const PointView& view) override {
    for (const Directive& d : *directives_)
      if (d.kind == Directive::Kind::fail && here(d, view)) return d.actor < n ? d.actor : n - 1;
    return 0;
  }

 private:
  static bool here(const Directive& d, const PointView& view) {
    const Pending& at = view.pending[view.last];
    return d.ddi == at.ddi && d.phase == at.phase && d.context == (*view.contexts)[at.context] &&
           d.occurrence == occurrence_of(*view.log, at.log);
  }

  // Whoever is about to pass a held point goes only when nobody else can.
  unsigned unheld(const PointView& view) const {
    const auto held = [&](unsigned actor) {
      for (const Directive& d : *directives_)
        if (d.kind == Directive::Kind::hold && d.ddi == view.pending[actor].ddi && d.phase == view.pending[actor].phase)
          return true;
      return false;
    };
    if (view.is_interrupt(view.fallback) || !held(view.fallback)) return view.fallback;
    for (unsigned actor = 0; actor < kActorClock; ++actor)
      if (view.enabled >> actor & 1 && (view.is_interrupt(actor) || !held(actor))) return actor;
    return view.fallback;
  }

  const std::vector<Directive>* directives_ = nullptr;
};

}  // namespace

std::unique_ptr<Strategy> make_directed() { return std::make_unique<Directed>(); }

}  // namespace wdm
