// SITE: draws one to three places of the driver and holds whoever is about to pass one of them, as long as somebody else
// can run and a budget lasts; partial order sampling underneath. The idea is the negative obligation of reads-from
// fuzzing (Wolff et al., ASPLOS 2024) without its bookkeeping: holding all threads at one place solves at once what
// needs many priority changes otherwise.
//
// The first run of an input is non-preemptive and serves as the profile: it tells which places there are and how long
// a run is. So the schedules stay a function of the input alone.

#include <algorithm>
#include <vector>

#include "emu/schedule/pos.h"
#include "emu/schedule/sampling.h"

namespace wdm {

namespace {

class Site final : public Sampling {
 protected:
  void begin_run() override {
    order_.begin(seed());
    if (run() == 0) {
      places_.clear();
      steps_ = 0;
      return;
    }
    held_.clear();
    if (places_.empty()) return;
    const unsigned n = 1 + static_cast<unsigned>(seed() % 3);
    for (unsigned i = 0; i < n; ++i) held_.push_back(places_[mix64(seed() + i) % places_.size()]);
    budget_ = steps_ << (seed() >> 8) % 3;
  }

  unsigned first_pick(const PointView& view) override {
    learn(view);
    return view.fallback;
  }

  unsigned sample(const PointView& view) override {
    std::uint64_t free = view.enabled;
    if (budget_ > 0) {
      for (std::uint64_t set = view.enabled; set; set &= set - 1) {
        const auto actor = static_cast<unsigned>(std::countr_zero(set));
        if (!view.is_interrupt(actor) && holds(view.pending[actor])) free &= ~(std::uint64_t{1} << actor);
      }
      if (free != view.enabled) --budget_;
    }
    // Time alone is no reason to let a held thread wait for ever, nor is it one to hold none.
    if (free == 0) free = view.enabled;
    return order_.pick(view, free);
  }

 private:
  static std::uint64_t place(const Pending& p) { return std::uint64_t{p.site} << 2 | p.phase; }

  bool holds(const Pending& p) const {
    return p.site != kNoSite && std::find(held_.begin(), held_.end(), place(p)) != held_.end();
  }

  void learn(const PointView& view) {
    ++steps_;
    const Pending& p = view.pending[view.last];
    if (p.site == kNoSite || p.blocked) return;
    const auto at = std::lower_bound(places_.begin(), places_.end(), place(p));
    if (at == places_.end() || *at != place(p)) places_.insert(at, place(p));
  }

  PartialOrder order_;
  std::vector<std::uint64_t> places_;  // sorted
  std::vector<std::uint64_t> held_;
  std::uint32_t steps_ = 0;
  std::uint32_t budget_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_site() { return std::make_unique<Site>(); }

}  // namespace wdm
