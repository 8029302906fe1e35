// StartIoCancel, StartIoRecursion: what IoSetStartIoAttributes is told fits what the driver does.
// Documentation: "StartIoCancel rule (wdm)", "StartIoRecursion rule (wdm)". Bug check 0x48; 0x7F when the stack overflows.
//
// Checks:
// 1. StartIoCancel: a driver that called IoSetStartIoAttributes with NonCancelable = FALSE does not set a cancel routine.
// 2. StartIoRecursion: a StartIo routine calls IoStartNextPacket only when DeferredStartIo was set to TRUE for the device.
//
// Both are advice. NonCancelable = FALSE is the default, and right for a driver that handles the current IRP under the cancel lock;
// a StartIo routine that starts the next packet works as long as the queue is short. What goes wrong otherwise is
// DoubleCompletion's or CancelRoutineStillSet's, and a stack overflow.
#include <algorithm>
#include <vector>

#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

constexpr std::uint64_t kDeferred = 1, kNonCancelable = 2;

class StartIoAttributesRule final : public Rule {
 public:
  explicit StartIoAttributesRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override {
    return interest(EVENT_StartIoAttributes) |
           interest(rule_ == RuleId::StartIoCancel ? EVENT_IrpSetCancel : EVENT_DdiEnter);
  }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override {
    return ddi == DDI_IoStartNextPacket || ddi == DDI_IoStartNextPacketByKey;
  }
  void reset() override {
    deferred_.clear();
    cancelable_ = 0;
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_StartIoAttributes) {
      std::erase(deferred_, event.object);
      if ((event.arg & kDeferred) != 0) deferred_.push_back(event.object);
      cancelable_ = (event.arg & kNonCancelable) == 0 ? index + 1 : 0;
    } else if (event.kind == EVENT_IrpSetCancel) {
      // IoStartPacket sets the routine that it is given for the queue.
      if (event.arg == 0 || event.site == kNoSite || event.ddi != DDI_IoSetCancelRoutine || cancelable_ == 0) return;
      findings.push_back({rule_, "cancel routine set for " + label_text(trace, event.object) +
                                     ", but IoSetStartIoAttributes was told that the current IRP may be cancelled", index,
                          {{cancelable_ - 1, "NonCancelable = FALSE"}}});
    } else {
      const auto activations = ledger.activations(event.thread);
      const bool in_start_io = !activations.empty() && activations.back().callback == CALLBACK_StartIo;
      if (!in_start_io || std::ranges::find(deferred_, event.object) != deferred_.end()) return;
      findings.push_back({rule_, std::string(ddi_name(event.ddi)) +
                                     " called by a StartIo routine, which it calls again before that has returned", index,
                          {{activations.back().event, "StartIo called"}}});
    }
  }

 private:
  RuleId rule_;
  std::vector<ObjectId> deferred_;  // devices with DeferredStartIo
  std::uint32_t cancelable_ = 0;    // the last IoSetStartIoAttributes with NonCancelable = FALSE: index plus 1
};

}  // namespace

std::shared_ptr<Rule> make_start_io_attributes(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<StartIoAttributesRule>(rule);
}

}  // namespace wdm
