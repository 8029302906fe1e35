// What the strategies that sample have in common: the first run of an input is the ordinary one, every other run has a
// seed of its own, and answers to questions other than "who runs next" come from that seed.
#pragma once

#include "emu/schedule/hash.h"

namespace wdm {

class Sampling : public Strategy {
 public:
  void begin(const Schedule& schedule, unsigned run) final {
    run_ = run;
    seed_ = mix64(schedule.seed * 0x9e3779b97f4a7c15ull + run);
    faults_ = schedule.faults;
    begin_run();
  }

  unsigned pick(const PointView& view) final { return run_ == 0 ? first_pick(view) : sample(view); }

  // Behaviours are answered in the ordinary way half of the time. Faults are rare in most runs, since an error path is
  // best tried one at a time, and frequent in some.
  unsigned choose(unsigned kind, unsigned n, const PointView& view) final {
    if (run_ == 0 || !may_answer(kind)) return 0;
    const std::uint64_t h = mix64(seed_ ^ mix64(place_hash(view, view.last) + kind));
    const unsigned one_in = is_fault(kind) ? 4u << 2 * (seed_ >> 60 & 3) : 2;
    if ((h & 0xffff) % one_in != 0) return 0;
    return 1 + static_cast<unsigned>((h >> 32) * (n - 1) >> 32);
  }

  bool may_answer(unsigned kind) const final { return faults_ || !is_fault(kind); }

 protected:
  virtual void begin_run() {}
  // Who runs next in the first run, always view.fallback.
  virtual unsigned first_pick(const PointView& view) { return view.fallback; }
  virtual unsigned sample(const PointView& view) = 0;

  unsigned run() const { return run_; }
  std::uint64_t seed() const { return seed_; }

 private:
  unsigned run_ = 0;
  std::uint64_t seed_ = 0;
  bool faults_ = false;
};

}  // namespace wdm
