// POS: see pos.h. The first run of an input is the non-preemptive one.

#include "emu/schedule/pos.h"
#include "emu/schedule/sampling.h"

namespace wdm {

namespace {

class Pos final : public Sampling {
 protected:
  void begin_run() override { order_.begin(seed()); }
  unsigned sample(const PointView& view) override { return order_.pick(view, view.enabled); }

 private:
  PartialOrder order_;
};

}  // namespace

std::unique_ptr<Strategy> make_pos() { return std::make_unique<Pos>(); }

}  // namespace wdm
