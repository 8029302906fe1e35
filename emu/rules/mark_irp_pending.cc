// MarkIrpPending: a dispatch routine that called IoMarkIrpPending returns STATUS_PENDING.
// Documentation: "MarkIrpPending rule (wdm)". Bug check 0xC9, 0x23E.
//
// Checks:
// 1. When a dispatch routine returns and its IRP was marked pending since it was called, it returns STATUS_PENDING.
//
// Narrowed: of an IRP that was passed down in between only a mark by the routine itself counts: others may belong to the
// stack location of a lower device. Marked, completed inside and STATUS_PENDING returned is legal. A mark by the
// completion routine that wakes the dispatch routine is CompletionEventChecking's.
#include "emu/rules/dispatch_return.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class MarkIrpPendingRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_CallbackLeave); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const auto dispatch = dispatch_return(trace, index, ledger);
    if (!dispatch || dispatch->returns_pending) return;
    if (!(dispatch->forwarded ? dispatch->marked_itself : dispatch->marked)) return;
    const Event& event = trace.events[index];
    const IrpState& irp = ledger.irp(event.object);
    const std::uint32_t mark = irp.marked_pending != 0 ? irp.marked_pending : irp.queued;
    findings.push_back({RuleId::MarkIrpPending,
                        label_text(trace, event.object) + " was marked pending, but its dispatch routine returns " +
                            hex_text(event.arg),
                        mark - 1, {{index, "returns " + hex_text(event.arg)}, {dispatch->entered, "called"}}});
  }
};

}  // namespace

std::unique_ptr<Rule> make_mark_irp_pending() { return std::make_unique<MarkIrpPendingRule>(); }

}  // namespace wdm
