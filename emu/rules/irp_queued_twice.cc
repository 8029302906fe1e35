// IrpQueuedTwice: an IRP is not put on a list while it is on one.
// No rule page. Bug check 0x139, 0x3: the second insertion tears the first list.
//
// Checks:
// 1. A routine that has put an IRP on a list by its Tail.Overlay.ListEntry does not put it on a list again before it was taken off.
//
// Narrowed: only two insertions by the same call of a routine. Between others a driver may have taken the IRP off without the list
// routines, as one that takes over a whole list by its head does.
#include <algorithm>
#include <vector>

#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class IrpQueuedTwiceRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_IrpInsert) | interest(EVENT_IrpRemove) | interest(EVENT_CallbackLeave);
  }
  void reset() override { queued_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_CallbackLeave) {
      std::erase_if(queued_, [&](const Queued& q) { return q.thread == event.thread && q.activation == event.activation; });
      return;
    }
    const auto queued = std::ranges::find(queued_, event.object, &Queued::irp);
    if (event.kind == EVENT_IrpInsert && queued != queued_.end() && queued->thread == event.thread &&
        queued->activation == event.activation) {
      findings.push_back({RuleId::IrpQueuedTwice, label_text(trace, event.object) + " put on a list while it is on one", index,
                          {{queued->event, "put on a list"}}});
    }
    if (queued != queued_.end()) queued_.erase(queued);
    if (event.kind == EVENT_IrpInsert) queued_.push_back({event.object, event.activation, event.thread, index});
  }

 private:
  struct Queued {
    ObjectId irp;
    std::uint16_t activation;
    std::uint8_t thread;
    std::uint32_t event;
  };
  std::vector<Queued> queued_;
};

}  // namespace

std::unique_ptr<Rule> make_irp_queued_twice() { return std::make_unique<IrpQueuedTwiceRule>(); }

}  // namespace wdm
