// MultRemoveLock: the dispatch routines of a device acquire one remove lock.
// Documentation: "MultRemoveLock rule (wdm)". No bug check.
//
// Checks:
// 1. IoAcquireRemoveLock is not called with another lock than before in a dispatch routine for the same device.
//
// Advice: one lock for each open file is what Microsoft's own samples have.
#include <algorithm>

#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class MultRemoveLockRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_RemoveAcquire); }
  void reset() override { first_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const Activation* dispatch = ledger.dispatching(event.thread);
    if (dispatch == nullptr) return;
    const ObjectId device = DispatchCall(trace.events[dispatch->event].arg).device;
    const auto first = std::ranges::find(first_, device, &First::device);
    if (first == first_.end()) return first_.push_back({device, index});
    if (trace.events[first->event].object == event.object) return;
    findings.push_back({RuleId::MultRemoveLock, "a second remove lock of " + label_text(trace, device) + " is acquired", index,
                        {{first->event, "acquired " + label_text(trace, trace.events[first->event].object)}}});
  }

 private:
  struct First {
    ObjectId device;
    std::uint32_t event;
  };
  std::vector<First> first_;
};

}  // namespace

std::unique_ptr<Rule> make_mult_remove_lock() { return std::make_unique<MultRemoveLockRule>(); }

}  // namespace wdm
