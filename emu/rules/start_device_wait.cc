// StartDeviceWait, StartDeviceWait2, StartDeviceWait3 and StartDeviceWait4: a driver does not wait for IRP_MN_START_DEVICE.
// Documentation: "StartDeviceWait rule (wdm)" and so on. No bug check.
//
// Checks:
// 1. The dispatch routine of IRP_MN_START_DEVICE that has passed the IRP down with a completion routine does not call
//    KeWaitForSingleObject. Which of the four: set with IoSetCompletionRoutine or IoSetCompletionRoutineEx (2 and 4), and after
//    KeInitializeEvent in the same routine or not (3 and 4).
//
// Advice: the documentation of IRP_MN_START_DEVICE has drivers do just that.
#include "emu/rules/irp_codes.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class StartDeviceWaitRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter) | interest(EVENT_IrpSetCompletion); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override {
    return ddi == DDI_KeWaitForSingleObject || ddi == DDI_KeInitializeEvent;
  }
  void reset() override {
    starts_.clear();
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const Activation* dispatch = ledger.dispatching(event.thread);
    if (dispatch == nullptr || !is_pnp(DispatchCall(trace.events[dispatch->event].arg), pnp::kStart)) return;
    Start& start = start_of(dispatch->event);
    if (event.kind == EVENT_IrpSetCompletion) {
      const bool own = event.object == dispatch->object && (event.arg & 5) == 1;
      if (own) start.set = index + 1;
    } else if (event.ddi == DDI_KeInitializeEvent) {
      start.has_event = true;
    } else {
      judge(trace, index, *dispatch, start, ledger, findings);
    }
  }

 private:
  // What a dispatch routine has done.
  struct Start {
    std::uint32_t entered;
    std::uint32_t set;  // index of IrpSetCompletion plus 1
    bool has_event;
  };

  Start& start_of(std::uint32_t entered) {
    for (Start& start : starts_) {
      if (start.entered == entered) return start;
    }
    return starts_.emplace_back(Start{entered, 0, false});
  }

  static void judge(const Trace& trace, std::uint32_t index, const Activation& dispatch, const Start& start,
                    const Ledger& ledger, std::vector<Finding>& findings) {
    if (start.set == 0 || ledger.irp(dispatch.object).forwarded <= start.set) return;
    const bool ex = (trace.events[start.set - 1].arg & 2) != 0;
    const RuleId rule = start.has_event ? (ex ? RuleId::StartDeviceWait2 : RuleId::StartDeviceWait)
                                        : (ex ? RuleId::StartDeviceWait4 : RuleId::StartDeviceWait3);
    findings.push_back({rule, "waits in the dispatch routine of IRP_MN_START_DEVICE after passing down " + label_text(trace, dispatch.object),
                        index, {{start.set - 1, "set its completion routine"}}});
  }

  std::vector<Start> starts_;
};

}  // namespace

std::shared_ptr<Rule> make_start_device_wait(RuleId, const std::shared_ptr<Rule>& earlier) {
  return earlier ? earlier : std::make_shared<StartDeviceWaitRule>();
}

}  // namespace wdm
