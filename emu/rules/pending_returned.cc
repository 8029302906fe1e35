// PendingReturned: a completion routine that passes an IRP on marks it pending when PendingReturned is set.
// Documentation: "Implementing an IoCompletion routine". Bug check 0xC9, 0x228; otherwise a caller that waits for ever.
//
// Checks:
// 1. A completion routine did not pass on that the IRP was pending below (the kernel looked at its stack location after it
//    returned), and the outermost dispatch routine that had the IRP returns STATUS_PENDING, before or after that.
//
// Narrowed: a dispatch routine that waited and returns the final status needs no mark.
#include <algorithm>
#include <vector>

#include "emu/rules/dispatch_return.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class PendingReturnedRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrpPendingLost) | interest(EVENT_CallbackLeave); }
  void reset() override {
    lost_.clear();
    returned_.clear();
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_IrpPendingLost) {
      const auto returned = std::ranges::find(returned_, event.object, &Place::irp);
      if (returned != returned_.end()) report(trace, event.object, index, returned->event, findings);
      else lost_.push_back({event.object, index});
      return;
    }
    if (event.arg2 != CALLBACK_Dispatch || event.arg != kStatusPending) return;
    const auto activations = ledger.activations(event.thread);
    const auto inside = std::ranges::count_if(
        activations, [&](const Activation& a) { return a.callback == CALLBACK_Dispatch && a.object == event.object; });
    if (inside > 1) return;
    const auto lost = std::ranges::find(lost_, event.object, &Place::irp);
    if (lost != lost_.end()) report(trace, event.object, lost->event, index, findings);
    // Whether the IRP is below decides if its completion routine may yet run.
    else if (ledger.irp(event.object).gone == 0) returned_.push_back({event.object, index});
  }

 private:
  struct Place {
    ObjectId irp;
    std::uint32_t event;
  };

  static void report(const Trace& trace, ObjectId irp, std::uint32_t lost, std::uint32_t returned,
                     std::vector<Finding>& findings) {
    // The routine has no frame any more: the last thing it did, or where it began.
    std::uint32_t place = lost;
    while (place > 0 && !(trace.events[place].kind == EVENT_CallbackEnter && trace.events[place].arg2 == CALLBACK_Completion &&
                          trace.events[place].object == irp))
      --place;
    findings.push_back({RuleId::PendingReturned,
                        "completion routine of " + label_text(trace, irp) +
                            " does not call IoMarkIrpPending, although PendingReturned is set and the dispatch routine returns "
                            "STATUS_PENDING",
                        place, {{lost, "passed on without the mark"}, {returned, "returns STATUS_PENDING"}}});
  }

  std::vector<Place> lost_, returned_;
};

}  // namespace

std::unique_ptr<Rule> make_pending_returned() { return std::make_unique<PendingReturnedRule>(); }

}  // namespace wdm
