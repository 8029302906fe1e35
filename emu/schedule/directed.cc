// Directed: the non-preemptive schedule, except where a directive of the scenario says otherwise. Replays what any other
// strategy did, since a run's decisions are directives.

#include "emu/schedule/strategy.h"

namespace wdm {

namespace {

class Directed final : public Strategy {
 public:
  void begin(const Schedule& schedule, unsigned) override { directives_ = &schedule.directives; }

  unsigned pick(const PointView& view) override {
    if (directives_->empty()) return view.fallback;
    last_ = &view.pending[view.last];
    contexts_ = view.contexts;
    log_ = view.log;
    for (const Directive& d : *directives_)
      if (d.kind == Directive::Kind::run && here(d) && d.actor < kNoActor && view.enabled >> d.actor & 1) return d.actor;
    return unheld(view);
  }

  unsigned choose(unsigned, unsigned n) override {
    if (!last_) return 0;
    for (const Directive& d : *directives_)
      if (d.kind == Directive::Kind::fail && here(d)) return d.actor < n ? d.actor : n - 1;
    return 0;
  }

 private:
  bool here(const Directive& d) const {
    return d.ddi == last_->ddi && d.phase == last_->phase && d.context == (*contexts_)[last_->context] &&
           d.occurrence == occurrence_of(*log_, last_->log);
  }

  // Whoever is about to pass a held point goes only when nobody else can.
  unsigned unheld(const PointView& view) const {
    const auto held = [&](unsigned actor) {
      for (const Directive& d : *directives_)
        if (d.kind == Directive::Kind::hold && d.ddi == view.pending[actor].ddi && d.phase == view.pending[actor].phase)
          return true;
      return false;
    };
    if (view.fallback >= kActorDpc || !held(view.fallback)) return view.fallback;
    for (unsigned actor = 0; actor < kActorClock; ++actor)
      if (view.enabled >> actor & 1 && !held(actor)) return actor;
    return view.fallback;
  }

  const std::vector<Directive>* directives_ = nullptr;
  const Pending* last_ = nullptr;
  const std::vector<Context>* contexts_ = nullptr;
  const std::vector<std::uint32_t>* log_ = nullptr;
};

}  // namespace

std::unique_ptr<Strategy> make_directed() { return std::make_unique<Directed>(); }

}  // namespace wdm
