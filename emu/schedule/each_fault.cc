// Every fault once: goes as its directives say, like `directed`, and answers the k-th question about a fault with "fails".
// Run k of an input fails the (seed + k)-th, so the runs of a scenario go through all error paths that one failure
// reaches; the first run only counts. Seed 63, 126, ... take up where 64 runs end.

#include "emu/schedule/strategy.h"

namespace wdm {

namespace {

class EachFault final : public Strategy {
 public:
  void begin(const Schedule& schedule, unsigned run) override {
    directed_->begin(schedule, run);
    run_ = run;
    asked_ = 0;
    wanted_ = schedule.seed + run;
  }

  unsigned pick(const PointView& view) override { return directed_->pick(view); }

  unsigned choose(unsigned kind, unsigned n, const PointView& view) override {
    const unsigned directed = directed_->choose(kind, n, view);
    if (directed != 0 || !is_fault(kind)) return directed;
    return ++asked_ == wanted_ && run_ > 0 ? 1 : 0;
  }

  bool may_answer(unsigned kind) const override { return is_fault(kind); }
  bool exhausted() const override { return run_ == 0 ? asked_ <= wanted_ : asked_ < wanted_; }

 private:
  const std::unique_ptr<Strategy> directed_ = make_strategy(StrategyId::directed);
  unsigned run_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t wanted_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_each_fault() { return std::make_unique<EachFault>(); }

}  // namespace wdm
