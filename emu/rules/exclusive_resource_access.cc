// ExclusiveResourceAccess: an executive resource is released only by a thread that owns it, and one that a routine has
// acquired exclusively before that routine ends.
// Documentation: "ExclusiveResourceAccess rule (wdm)". Bug check 0xE3.
//
// Checks:
// 1. ExReleaseResourceLite and ExReleaseResourceAndLeaveCriticalRegion are called by a thread that owns the resource.
// 2. No resource acquired exclusively in a DriverEntry, AddDevice, dispatch, StartIo, cancel, DPC or Unload routine is owned
//    when it returns.
//
// Other than the page says:
// - Acquired again by its owner is no mistake: exclusive ownership is recursive.
// - Check 1 holds for shared owners, too.
// - Check 2 leaves out a dispatch routine that returns STATUS_PENDING: file systems let whoever finishes the request release
//   the resource for the thread. So is a resource whose owner is a pointer of the driver's (ExSetResourceOwnerPointer).
// - ExReleaseResourceForThreadLite is judged by the kernel itself (BugCheck 0xE3).
#include "emu/rules/ddi_set.h"
#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

bool judged(const Event& event) {
  switch (static_cast<callback_number>(event.arg2)) {
    case CALLBACK_DriverEntry:
    case CALLBACK_AddDevice:
    case CALLBACK_Unload:
    case CALLBACK_StartIo:
    case CALLBACK_Cancel:
    case CALLBACK_Dpc: return true;
    case CALLBACK_Dispatch: return static_cast<std::uint32_t>(event.arg) != kStatusPending;
    case CALLBACK_Completion:
    case CALLBACK_WorkItem:
    case CALLBACK_Thread:
    case CALLBACK_Isr:
    case CALLBACK_Csq:
    case CALLBACK_Other:
    case CALLBACK_COUNT: return false;
  }
  return false;
}

class ExclusiveResourceAccessRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter) | interest(EVENT_CallbackLeave); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return releases_.contains(ddi); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_CallbackLeave) return judge_return(trace, index, ledger, findings);
    if (!releases_.contains(event.ddi) || ledger.find_owner(event.object, event.thread) != nullptr) return;
    Finding finding{RuleId::ExclusiveResourceAccess,
                    label_text(trace, event.object) + " released by " + thread_text(event.thread) + ", which does not own it",
                    index, {}};
    if (const OwnedLock* owner = ledger.find_owner(event.object))
      finding.evidence.push_back({owner->event, "acquired by " + thread_text(owner->thread)});
    findings.push_back(std::move(finding));
  }

 private:
  static void judge_return(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const auto activations = ledger.activations(event.thread);
    if (ledger.owned().empty() || activations.empty() || !judged(event)) return;
    for (const OwnedLock& owned : ledger.owned()) {
      const bool left = owned.thread == event.thread && !owned.shared && owned.event >= activations.back().event &&
                        trace.objects[owned.object].kind == OBJECT_Resource;
      if (!left) continue;
      findings.push_back({RuleId::ExclusiveResourceAccess,
                          label_text(trace, owned.object) + " still owned exclusively when the " +
                              std::string(callback_name(event.arg2)) + " returns",
                          owned.event, {{index, "returns with it owned"}}});
      return;
    }
  }

  const DdiSet releases_ = {"ExReleaseResourceLite", "ExReleaseResourceAndLeaveCriticalRegion"};
};

}  // namespace

std::unique_ptr<Rule> make_exclusive_resource_access() { return std::make_unique<ExclusiveResourceAccessRule>(); }

}  // namespace wdm
