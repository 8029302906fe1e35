// RemoveLockCheck: in IRP_MN_REMOVE_DEVICE, IoReleaseRemoveLockAndWait comes before IoDetachDevice and IoDeleteDevice.
// Documentation: "RemoveLockCheck rule (wdm)". Bug check 0xC4, 0xD6.
//
// Checks:
// 1. When the dispatch routine of IRP_MN_REMOVE_DEVICE detaches or deletes its device, nobody who was called for that device
//    still holds a remove lock that was not waited for.
//
// Narrowed: a driver that does not wait when nobody is inside breaks the rule, too, but harms nobody; nor is the missing
// acquisition of the remove request itself looked at: drivers whose locks guard something smaller than the device have none. An
// acquisition that was forgotten is RemoveLockRelease<major function>'s.
#include <algorithm>

#include "emu/rules/irp_codes.h"
#include "emu/rules/remove_lock.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class RemoveLockCheckRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter) | interest(EVENT_RemoveRelease); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override {
    return ddi == DDI_IoDetachDevice || ddi == DDI_IoDeleteDevice;
  }
  void reset() override { waited_for_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_RemoveRelease) {
      if ((event.arg & 1) != 0) waited_for_.push_back(event.object);
      return;
    }
    if (!ledger.remove_holds().empty()) judge(trace, index, ledger, findings);
  }

 private:
  void judge(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) const {
    const Event& event = trace.events[index];
    const Activation* dispatch = ledger.dispatching(event.thread);
    if (dispatch == nullptr) return;
    const DispatchCall call(trace.events[dispatch->event].arg);
    const bool removed = event.ddi == DDI_IoDetachDevice || event.object == call.device;
    if (!is_pnp(call, pnp::kRemove) || !removed) return;
    for (const RemoveHold& hold : ledger.remove_holds()) {
      const auto other = acquired_for(trace, hold);
      if (!other || other->device != call.device || hold.dispatched == dispatch->event + 1) continue;
      if (std::ranges::find(waited_for_, hold.lock) != waited_for_.end() || is_forgotten(trace, hold, ledger)) continue;
      findings.push_back({RuleId::RemoveLockCheck,
                          label_text(trace, call.device) + " is removed without IoReleaseRemoveLockAndWait while a request holds " +
                              label_text(trace, hold.lock),
                          index, {{hold.event, "acquired " + label_text(trace, hold.lock)}, {dispatch->event, "asked to remove"}}});
      return;
    }
  }

  std::vector<ObjectId> waited_for_;  // remove locks
};

}  // namespace

std::unique_ptr<Rule> make_remove_lock_check() { return std::make_unique<RemoveLockCheckRule>(); }

}  // namespace wdm
