// LowerDriverReturn: after IoCallDriver a dispatch routine returns the status it got, unless it completes or pends the IRP itself.
// Documentation: "LowerDriverReturn rule (wdm)". Bug check 0xC9, 0x224.
//
// Checks:
// 1. IoCallDriver returned STATUS_PENDING, the IRP did not come back to the routine: it returns STATUS_PENDING.
// 2. IoCallDriver returned another status, and nobody marked the IRP pending: the routine does not return STATUS_PENDING.
//
// Narrowed:
// - That one final status is returned instead of another is not judged: drivers do so on purpose (IRP_MN_REMOVE_DEVICE is always
//   returned as a success), and a completion routine may have changed it.
// - IRPs that came back to a completion routine are the driver's again; marked ones are MarkIrpPending's.
#include <algorithm>
#include <vector>

#include "emu/rules/dispatch_return.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LowerDriverReturnRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrpForwarded) | interest(EVENT_CallbackLeave); }
  void reset() override { calls_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_IrpForwarded) {
      if (event.site != kNoSite) calls_.push_back({event.object, event.activation, event.thread, index});
      return;
    }
    if (calls_.empty()) return;
    judge(trace, index, ledger, findings);
    std::erase_if(calls_, [&](const Call& c) { return c.activation == event.activation && c.thread == event.thread; });
  }

 private:
  struct Call {
    ObjectId irp;
    std::uint16_t activation;
    std::uint8_t thread;
    std::uint32_t event;  // index of the IrpForwarded
  };

  void judge(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) const {
    const Event& leave = trace.events[index];
    const auto call = std::find_if(calls_.rbegin(), calls_.rend(), [&](const Call& c) {
      return c.irp == leave.object && c.activation == leave.activation && c.thread == leave.thread;
    });
    if (call == calls_.rend()) return;
    const auto dispatch = dispatch_return(trace, index, ledger);
    if (!dispatch || dispatch->marked || dispatch->back) return;
    const std::uint64_t got = trace.events[call->event].arg;
    if ((got == kStatusPending) == dispatch->returns_pending) return;
    findings.push_back({RuleId::LowerDriverReturn,
                        "IoCallDriver returned " + hex_text(got) + " for " + label_text(trace, leave.object) +
                            ", but the dispatch routine returns " + hex_text(leave.arg),
                        call->event, {{index, "returns " + hex_text(leave.arg)}, {dispatch->entered, "called"}}});
  }

  std::vector<Call> calls_;
};

}  // namespace

std::unique_ptr<Rule> make_lower_driver_return() { return std::make_unique<LowerDriverReturnRule>(); }

}  // namespace wdm
