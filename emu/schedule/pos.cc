// POS: see pos.h. The first run of an input is the non-preemptive one.

#include "emu/schedule/pos.h"

namespace wdm {

namespace {

class Pos final : public Strategy {
 public:
  void begin(const Schedule& schedule, unsigned run) override {
    run_ = run;
    order_.begin(mix64(schedule.seed * 0x9e3779b97f4a7c15ull + run));
  }

  unsigned pick(const PointView& view) override {
    return run_ == 0 ? view.fallback : order_.pick(view, view.enabled);
  }

 private:
  unsigned run_ = 0;
  PartialOrder order_;
};

}  // namespace

std::unique_ptr<Strategy> make_pos() { return std::make_unique<Pos>(); }

}  // namespace wdm
