// RemoveLockForward..., RemoveLockForward...2, RemoveLockMnRemove2, RemoveLockMnSurpriseRemove and RemoveLockQueryMnRemove: the
// remove lock is held while an IRP is passed down, and released after that.
// Documentation: "RemoveLockForward rule (wdm)" and so on. Bug check 0xC4, 0xD5.
//
// Checks, when a dispatch routine calls IoCallDriver with its own IRP:
// 1. It has not acquired a remove lock with that IRP as tag and released it again already. RemoveLockForward<major function>,
//    for major functions without a rule of their own RemoveLockForward.
// 2. A remove lock is held for the IRP when the driver uses one for that device: it was acquired by this routine, or with the
//    IRP as tag. RemoveLockForward<major function>2, advice.
// 3. Both for IRP_MN_REMOVE_DEVICE, IRP_MN_SURPRISE_REMOVAL and IRP_MN_QUERY_REMOVE_DEVICE: the three rules of their own, advice.
//
// Narrowed: IRPs that somebody else passes down later are not looked at, since what holds the device then may be a count of the
// driver's own. That a lock is to be acquired at all (2 and 3) is advice: while the PnP manager sends one of its requests, or a
// handle is open, the device cannot go, and drivers rely on that. A lock that IoReleaseRemoveLockAndWait has closed already is
// no mistake: removal may wait before it passes the IRP down.
#include <algorithm>

#include "emu/rules/irp_codes.h"
#include "emu/rules/remove_lock.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

struct Member {
  std::uint8_t major;
  RuleId released, never_acquired;
};
constexpr Member kMembers[] = {
    {major::kRead, RuleId::RemoveLockForwardRead, RuleId::RemoveLockForwardRead2},
    {major::kWrite, RuleId::RemoveLockForwardWrite, RuleId::RemoveLockForwardWrite2},
    {major::kDeviceControl, RuleId::RemoveLockForwardDeviceControl, RuleId::RemoveLockForwardDeviceControl2},
    {major::kInternalDeviceControl, RuleId::RemoveLockForwardDeviceControlInternal,
     RuleId::RemoveLockForwardDeviceControlInternal2},
};

RuleId rule_of(const DispatchCall& call, bool released) {
  if (is_pnp(call, pnp::kRemove)) return RuleId::RemoveLockMnRemove2;
  if (is_pnp(call, pnp::kSurpriseRemoval)) return RuleId::RemoveLockMnSurpriseRemove;
  if (is_pnp(call, pnp::kQueryRemove)) return RuleId::RemoveLockQueryMnRemove;
  const auto found = std::ranges::find(kMembers, call.major, &Member::major);
  if (found != std::end(kMembers)) return released ? found->released : found->never_acquired;
  return released ? RuleId::RemoveLockForward : RuleId::RemoveLockForward2;
}

class RemoveLockForwardRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_RemoveAcquire) | interest(EVENT_RemoveRelease) | interest(EVENT_IrpForward);
  }
  void reset() override {
    uses_.clear();
    released_.clear();
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_IrpForward && uses_.empty()) return;
    const Activation* dispatch = ledger.dispatching(event.thread);
    if (dispatch == nullptr) return;
    const DispatchCall call(trace.events[dispatch->event].arg);
    switch (event.kind) {
      case EVENT_RemoveAcquire: return note_use(call.device, dispatch->event, index);
      case EVENT_RemoveRelease: return note_release(event, *dispatch, index, ledger);
      case EVENT_IrpForward:
        if (dispatch->object == event.object) judge(trace, index, *dispatch, ledger, findings);
        return;
    }
  }

 private:
  // Who uses a remove lock, and where: an acquisition that was refused counts, too.
  struct Use {
    ObjectId device;
    std::uint32_t dispatched;  // index of the entry of the last dispatch routine that called IoAcquireRemoveLock
    std::uint32_t event;
  };
  struct Release {
    std::uint32_t dispatched;
    std::uint32_t event;
  };

  void note_use(ObjectId device, std::uint32_t dispatched, std::uint32_t index) {
    uses_.push_back({device, dispatched, index});
  }

  void note_release(const Event& event, const Activation& dispatch, std::uint32_t index, const Ledger& ledger) {
    const RemoveHold* hold = ledger.released(event);
    const bool own = hold != nullptr && hold->dispatched == dispatch.event + 1 && hold->tag == dispatch.object;
    if (own) released_.push_back({dispatch.event, index});
  }

  static bool is_held(const Activation& dispatch, const Ledger& ledger) {
    return std::ranges::any_of(ledger.remove_holds(), [&](const RemoveHold& hold) {
      return hold.dispatched == dispatch.event + 1 || hold.tag == dispatch.object;
    });
  }

  void judge(const Trace& trace, std::uint32_t index, const Activation& dispatch, const Ledger& ledger,
             std::vector<Finding>& findings) const {
    const Event& event = trace.events[index];
    const DispatchCall call(trace.events[dispatch.event].arg);
    const RemoveWait* wait = ledger.remove_wait(event.thread);
    if (is_held(dispatch, ledger) || (wait != nullptr && wait->event > dispatch.event)) return;
    const auto released = std::ranges::find(released_, dispatch.event, &Release::dispatched);
    if (released != released_.end()) {
      findings.push_back({rule_of(call, true),
                          label_text(trace, event.object) + " is passed down after its remove lock was released", index,
                          {{released->event, "released " + label_text(trace, trace.events[released->event].object)}}});
      return;
    }
    const Use* elsewhere = nullptr;
    for (const Use& use : uses_) {
      if (use.dispatched == dispatch.event) return;  // another tag, or refused
      if (use.device == call.device) elsewhere = &use;
    }
    if (elsewhere == nullptr) return;
    findings.push_back({rule_of(call, false),
                        label_text(trace, event.object) + " is passed down without the remove lock of " +
                            label_text(trace, call.device),
                        index, {{elsewhere->event, "acquired for another request"}}});
  }

  std::vector<Use> uses_;
  std::vector<Release> released_;
};

}  // namespace

std::shared_ptr<Rule> make_remove_lock_forward(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<RemoveLockForwardRule>();
}

}  // namespace wdm
