// PnpIrpCompletion, PnpRemove, NsRemoveLock..., PowerDownFail and PowerUpFail: how a driver may complete PnP and power IRPs.
// Documentation: "PnpIrpCompletion rule (wdm)" and so on. Bug checks 0xC4, 0x00043006 (PnpRemove), 0xC9, 0x22D, 0x216 and 0x247.
//
// Checks, when the driver calls IoCompleteRequest:
// 1. IRP_MN_REMOVE_DEVICE, IRP_MN_SURPRISE_REMOVAL, IRP_MN_CANCEL_REMOVE_DEVICE and IRP_MN_CANCEL_STOP_DEVICE are not completed
//    with a failure. PnpRemove.
// 2. A function or filter driver that has acquired its remove lock for IRP_MN_REMOVE_DEVICE, IRP_MN_SURPRISE_REMOVAL or
//    IRP_MN_QUERY_REMOVE_DEVICE does not complete it with STATUS_NOT_SUPPORTED without passing it down. NsRemoveLockMnRemove,
//    NsRemoveLockMnSurpriseRemove, NsRemoveLockQueryMnRemove; PnpRemove is silent then.
// 3. A function or filter driver does not successfully complete a PnP IRP that starts, stops or removes its device, or cancels
//    that, without passing it down. PnpIrpCompletion.
// 4. A function or filter driver does not fail IRP_MN_SET_POWER without passing it down. PowerUpFail for S0 and D0, PowerDownFail
//    for the other states.
//
// A function or filter driver is seen by its device, which is attached to another.
//
// Narrowed: the documentation wants every PnP IRP but IRP_MN_QUERY_INTERFACE, IRP_MN_QUERY_STOP_DEVICE and
// IRP_MN_QUERY_REMOVE_DEVICE passed down (3). The function driver of a bus answers questions about its bus itself, and devices
// work without lower drivers hearing them; only what changes a device's state has to reach everybody. What a lower driver answered is not the upper one's mistake, so nothing is said about an IRP that was passed down.
// A failed IRP need not be passed down, since the driver may refuse it (3). With STATUS_DELETE_PENDING, which IoAcquireRemoveLock
// answers, and STATUS_NO_SUCH_DEVICE drivers refuse what comes after their device was removed. The device of a bus driver may leave STATUS_NOT_SUPPORTED as it came (1).
#include <optional>

#include "emu/rules/attached_devices.h"
#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

constexpr std::uint32_t kNotSupported = 0xC00000BB, kDeletePending = 0xC0000056, kNoSuchDevice = 0xC000000E;

bool must_succeed(std::uint8_t minor) {
  return minor == pnp::kRemove || minor == pnp::kSurpriseRemoval || minor == pnp::kCancelRemove || minor == pnp::kCancelStop;
}

bool changes_state(std::uint8_t minor) {
  return must_succeed(minor) || minor == pnp::kStart || minor == pnp::kStop;
}

struct Broken {
  RuleId rule;
  const char* how;
};

class PnpCompletionRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter) | interest(EVENT_IrpComplete); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return AttachedDevices::attaches(ddi); }
  void reset() override { attached_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_DdiEnter) return attached_.note(event);
    const IrpState& irp = ledger.irp(event.object);
    if (event.site == kNoSite || irp.dispatched == 0) return;
    const DispatchCall call(trace.events[irp.dispatched - 1].arg);
    if (call.major != major::kPnp && call.major != major::kPower) return;
    const bool passed_down = irp.forwarded > irp.dispatched;
    const auto status = static_cast<std::uint32_t>(event.arg);
    if (passed_down || status == kDeletePending || status == kNoSuchDevice) return;
    const auto broken = call.major == major::kPnp ? judge_pnp(call, status, locked(ledger, event.object, irp.dispatched))
                                                  : judge_power(call, status);
    if (!broken) return;
    findings.push_back({broken->rule, label_text(trace, event.object) + broken->how, index,
                        {{irp.dispatched - 1, "given to the dispatch routine"}}});
  }

 private:
  static bool failed(std::uint32_t status) { return (status & 0x80000000u) != 0; }

  // Does this request hold a remove lock, or did it until just now?
  static bool locked(const Ledger& ledger, ObjectId irp, std::uint32_t received) {
    for (const RemoveHold& hold : ledger.remove_holds()) {
      if (hold.tag == irp || hold.dispatched == received) return true;
    }
    return false;
  }

  std::optional<Broken> judge_pnp(const DispatchCall& call, std::uint32_t status, bool locked) const {
    const bool attached = attached_.contains(call.device);
    if (!failed(status)) {
      if (!attached || !changes_state(call.minor)) return std::nullopt;
      return Broken{RuleId::PnpIrpCompletion, " is completed by a function or filter driver that has not passed it down"};
    }
    if (status == kNotSupported && !attached) return std::nullopt;
    if (status == kNotSupported && locked) {
      constexpr const char* how = " is completed with STATUS_NOT_SUPPORTED by a driver that has not passed it down";
      if (call.minor == pnp::kRemove) return Broken{RuleId::NsRemoveLockMnRemove, how};
      if (call.minor == pnp::kSurpriseRemoval) return Broken{RuleId::NsRemoveLockMnSurpriseRemove, how};
      if (call.minor == pnp::kQueryRemove) return Broken{RuleId::NsRemoveLockQueryMnRemove, how};
    }
    if (!must_succeed(call.minor)) return std::nullopt;
    return Broken{RuleId::PnpRemove, " is completed with a failure, but a driver cannot refuse it"};
  }

  std::optional<Broken> judge_power(const DispatchCall& call, std::uint32_t status) const {
    if (!failed(status) || !attached_.contains(call.device)) return std::nullopt;
    switch (power_way(call)) {
      case PowerWay::none: return std::nullopt;
      case PowerWay::up: return Broken{RuleId::PowerUpFail, " powers up, and is failed by a driver that has not passed it down"};
      case PowerWay::down: return Broken{RuleId::PowerDownFail, " powers down, and is failed by a driver that has not passed it down"};
    }
    return std::nullopt;
  }

  AttachedDevices attached_;
};

}  // namespace

std::shared_ptr<Rule> make_pnp_completion(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<PnpCompletionRule>();
}

}  // namespace wdm
