// IrpNeverCompleted: every IRP is completed, at the latest after it was cancelled and its file was closed.
// Documentation: "Canceling IRPs". Bug check 0xC4, 0x135.
//
// Checks:
// 1. When every pending IRP was cancelled and nothing can run any more, no IRP that ever had a cancel routine is left: its
//    driver takes part in cancelling, so it has to finish it.
// 2. When every file was closed as well, no IRP is left at all.
//
// The kernel looks; this rule says why. The finding is about where the driver let go of the IRP: it marked it pending,
// queued it or set its cancel routine. One that was cancelled before its cancel routine was set is IrpCancelField's. Whether an IRP that hangs without being cancelled is acceptable is not judged.
#include "emu/rules/irp_cancel_field.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

std::string reason(const Event& end, const IrpState& irp) {
  const bool routine_set = (end.arg & 1) != 0;
  const bool cancelled = end.arg2 == 1;
  if (!cancelled) return " is still pending at the end and was never cancelled";
  if (!routine_set && irp.cancel_set == 0) return " was cancelled but has no cancel routine, and is never completed";
  if (!routine_set) return " was cancelled and its cancel routine cleared or run, but nobody completes it";
  return " was cancelled and still has its cancel routine, which nobody will call any more";
}

// Index + 1 of the entry into the dispatch routine that got the IRP, 0 when there was none.
std::uint32_t entered(const Trace& trace, ObjectId irp) {
  for (std::uint32_t i = 0; i < trace.events.size(); ++i) {
    const Event& e = trace.events[i];
    if (e.kind == EVENT_CallbackEnter && e.arg2 == CALLBACK_Dispatch && e.object == irp) return i + 1;
  }
  return 0;
}

class IrpNeverCompletedRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_EndIrp); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& end = trace.events[index];
    const IrpState& irp = ledger.irp(end.object);
    const bool closed_as_well = (end.arg & 2) != 0;
    if ((!closed_as_well && irp.cancel_set == 0) || cancel_field_missed(end, irp)) return;
    const Evidence history[] = {{irp.marked_pending, "marked pending"},
                                {irp.queued, "queued"},
                                {irp.cancel_set, "set the cancel routine"},
                                {irp.forwarded, "passed down"},
                                {irp.cancelled, "cancelled"},
                                {irp.created, "created"},
                                {entered(trace, end.object), "given to the driver"},
                                {index + 1, "still pending"}};
    Finding finding{RuleId::IrpNeverCompleted, label_text(trace, end.object) + reason(end, irp), index, {}};
    for (const Evidence& step : history) {
      if (step.event == 0) continue;
      const bool let_go = finding.event == index && trace.events[step.event - 1].site != kNoSite;
      if (let_go) finding.event = step.event - 1;
      finding.evidence.push_back({step.event - 1, step.text});
    }
    findings.push_back(std::move(finding));
  }
};

}  // namespace

std::unique_ptr<Rule> make_irp_never_completed() { return std::make_unique<IrpNeverCompletedRule>(); }

}  // namespace wdm
