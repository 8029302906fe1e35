// RemoveLock, RemoveLockMnRemove, RemoveLockRelease2 and RemoveLockRelease<major function>: every successful
// IoAcquireRemoveLock has its release with the same tag, and no release comes without its acquisition.
// Documentation: "RemoveLock rule (wdm)" and so on. Bug checks 0xC4, 0xD5 and 0xD6.
//
// Checks:
// 1. IoReleaseRemoveLock and IoReleaseRemoveLockAndWait are called with a tag that the lock is held with. In the dispatch
//    routine of a major function that has a rule, RemoveLockRelease<major function>; of IoReleaseRemoveLockAndWait in
//    IRP_MN_REMOVE_DEVICE, RemoveLockMnRemove; everywhere else RemoveLockRelease2.
// 2. When IoReleaseRemoveLockAndWait can never return, no acquisition is left that nobody will release: its routine has
//    returned, and its IRP is completed. RemoveLock where a PnP or power dispatch routine acquired it, RemoveLockRelease<major
//    function> for the others that have one, RemoveLockRelease2 for the rest. The finding is about the acquisition. Deadlock is
//    silent then.
// 3. The same when the driver is unloaded.
//
// Narrowed: "not held when the dispatch routine ends" is looked at when nobody can release the lock any more, since a completion
// routine, a work item or whoever takes the IRP off its queue may do it, and the order of IoCompleteRequest and
// IoReleaseRemoveLock is free. That RemoveLockMnRemove wants the lock held before the IRP is passed down is RemoveLockMnRemove2's.
#include <algorithm>

#include "emu/rules/history.h"
#include "emu/rules/irp_codes.h"
#include "emu/rules/remove_lock.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

struct Member {
  std::uint8_t major;
  RuleId rule;
};
constexpr Member kMembers[] = {
    {major::kCreate, RuleId::RemoveLockReleaseCreate},
    {major::kClose, RuleId::RemoveLockReleaseClose},
    {major::kCleanup, RuleId::RemoveLockReleaseCleanup},
    {major::kRead, RuleId::RemoveLockReleaseRead},
    {major::kWrite, RuleId::RemoveLockReleaseWrite},
    {major::kDeviceControl, RuleId::RemoveLockReleaseDeviceControl},
    {major::kInternalDeviceControl, RuleId::RemoveLockReleaseInternalDeviceControl},
    {major::kPnp, RuleId::RemoveLockReleasePnp},
    {major::kPower, RuleId::RemoveLockReleasePower},
    {major::kShutdown, RuleId::RemoveLockReleaseShutdown},
    {major::kSystemControl, RuleId::RemoveLockReleaseSystemControl},
};

RuleId rule_of(std::uint8_t major) {
  const auto found = std::ranges::find(kMembers, major, &Member::major);
  return found == std::end(kMembers) ? RuleId::RemoveLockRelease2 : found->rule;
}

RuleId forgotten_rule(const Trace& trace, const RemoveHold& hold) {
  const auto call = acquired_for(trace, hold);
  if (!call) return RuleId::RemoveLockRelease2;
  if (call->major == major::kPnp || call->major == major::kPower) return RuleId::RemoveLock;
  return rule_of(call->major);
}

std::string tag_text(const Trace& trace, ObjectId tag) { return tag != 0 ? label_text(trace, tag) : "its tag"; }

class RemoveLockReleaseRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_RemoveRelease) | interest(EVENT_Stuck) | interest(EVENT_CallbackLeave);
  }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_RemoveRelease: return judge_release(trace, index, ledger, findings);
      case EVENT_Stuck:
        if (const RemoveHold* hold = waits_for_forgotten(trace, index, ledger))
          report_forgotten(trace, *hold, {ledger.remove_wait(event.thread)->event, "waits for it"}, findings);
        return;
      case EVENT_CallbackLeave:
        if (event.arg2 != CALLBACK_Unload) return;
        for (const RemoveHold& hold : ledger.remove_holds())
          report_forgotten(trace, hold, {index, "the driver is unloaded"}, findings);
        return;
    }
  }

 private:
  static void judge_release(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    if (ledger.released(event) != nullptr) return;
    const bool waits = (event.arg & 1) != 0;
    RuleId rule = RuleId::RemoveLockRelease2;
    if (const Activation* dispatch = ledger.dispatching(event.thread)) {
      const DispatchCall call(trace.events[dispatch->event].arg);
      rule = waits && is_pnp(call, pnp::kRemove) ? RuleId::RemoveLockMnRemove : rule_of(call.major);
    }
    Finding finding{rule,
                    label_text(trace, event.object) + " is released with " + tag_text(trace, event.arg2) +
                        ", but it is not held with that tag",
                    index, {}};
    add_last(finding, trace, index, EVENT_RemoveRelease, event.object, "released before");
    add_last(finding, trace, index, EVENT_RemoveAcquire, event.object, "acquired or refused before");
    findings.push_back(std::move(finding));
  }

  static void report_forgotten(const Trace& trace, const RemoveHold& hold, Evidence reason, std::vector<Finding>& findings) {
    findings.push_back({forgotten_rule(trace, hold),
                        label_text(trace, hold.lock) + ", acquired with " + tag_text(trace, hold.tag) + ", is never released",
                        hold.event, {std::move(reason)}});
  }
};

}  // namespace

std::shared_ptr<Rule> make_remove_lock_release(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<RemoveLockReleaseRule>();
}

}  // namespace wdm
