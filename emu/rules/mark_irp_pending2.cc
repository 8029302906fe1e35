// MarkIrpPending2: a dispatch routine that returns STATUS_PENDING has called IoMarkIrpPending or passed the IRP down.
// Documentation: "MarkIrpPending2 rule (wdm)". Bug check 0xC9, 0x23D.
//
// Checks:
// 1. When a dispatch routine returns STATUS_PENDING, its IRP was marked pending since it was called, put on a
//    cancel-safe queue (which marks it), or passed down. That somebody else completed it meanwhile makes no difference.
//
// An IRP that the routine completed itself is PendedCompletedRequest's.
//
// Narrowed: who marked it is not asked, since a StartIo or DPC routine may do it for the dispatch routine; whether the
// lower driver really returned STATUS_PENDING is LowerDriverReturn's question.
#include "emu/rules/dispatch_return.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class MarkIrpPending2Rule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_CallbackLeave); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const auto dispatch = dispatch_return(trace, index, ledger);
    if (!dispatch || !dispatch->returns_pending || dispatch->forwarded || dispatch->marked) return;
    if (dispatch->completed_itself) return;
    const Event& event = trace.events[index];
    Finding finding{RuleId::MarkIrpPending2,
                    "dispatch routine returns STATUS_PENDING, but " + label_text(trace, event.object) +
                        " was neither marked pending nor passed down",
                    last_use(trace, dispatch->entered, index), {{index, "returns STATUS_PENDING"}}};
    const std::uint32_t completed = ledger.irp(event.object).completed;
    if (completed > dispatch->entered + 1) finding.evidence.push_back({completed - 1, "completed"});
    findings.push_back(std::move(finding));
  }
};

}  // namespace

std::unique_ptr<Rule> make_mark_irp_pending2() { return std::make_unique<MarkIrpPending2Rule>(); }

}  // namespace wdm
