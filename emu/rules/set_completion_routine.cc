// CompletionRoutineRegistered, IoSetCompletionRoutineExCheck, IoSetCompletionRoutineExCheckDeviceObject,
// IoSetCompletionRoutineNonPnpDriver: how IoSetCompletionRoutine(Ex) is used.
// Documentation: "<Name> rule (wdm)" of each. No bug check; unload while a routine still runs is 0xCE.
//
// Checks:
// 1. CompletionRoutineRegistered: an IRP for which IoSetCompletionRoutineEx succeeded is passed down before the driver completes
//    it; otherwise what the routine keeps for the call leaks.
// 2. IoSetCompletionRoutineExCheck: an IRP for which IoSetCompletionRoutineEx failed is not passed down as if it had not.
// 3. IoSetCompletionRoutineExCheckDeviceObject: the device given to it is one of the driver's own, so that the driver stays loaded.
// 4. IoSetCompletionRoutineNonPnpDriver: a driver without an AddDevice routine uses the Ex form.
//
// Narrowed:
// - Check 1 waits until the driver completes the IRP: it may be passed down by another thread after the dispatch routine returned.
// - Check 2 accepts an IRP whose stack location was skipped, or that got another routine, after the failure.
// - Check 4 is advice: drivers that are never unloaded need no Ex form.
// What a dispatch routine does after the failure instead (complete the IRP) is IoSetCompletionExCompleteIrp's.
#include <algorithm>
#include <vector>

#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class SetCompletionRoutineRule final : public Rule {
 public:
  explicit SetCompletionRoutineRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override {
    const std::uint64_t set = interest(EVENT_IrpSetCompletion);
    if (rule_ == RuleId::CompletionRoutineRegistered) return set | interest(EVENT_IrpForward) | interest(EVENT_IrpComplete);
    if (rule_ == RuleId::IoSetCompletionRoutineExCheck) return set | interest(EVENT_IrpForward);
    if (rule_ == RuleId::IoSetCompletionRoutineNonPnpDriver) return set | interest(EVENT_CallbackEnter);
    return set;
  }
  void reset() override {
    open_.clear();
    has_add_device_ = reported_ = false;
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_CallbackEnter) {
      has_add_device_ |= event.arg2 == CALLBACK_AddDevice;
    } else if (event.kind == EVENT_IrpSetCompletion) {
      set(trace, index, findings);
    } else if (!open_.empty()) {
      end(trace, index, findings);
    }
  }

 private:
  // What was set for an IRP that was not passed down since.
  struct Open {
    ObjectId irp;
    std::uint32_t event;
  };

  void set(const Trace& trace, std::uint32_t index, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const bool ex = (event.arg & kCompletionEx) != 0, failed = (event.arg & kCompletionFailed) != 0;
    if (rule_ == RuleId::IoSetCompletionRoutineExCheckDeviceObject) {
      if ((event.arg & kCompletionForeign) == 0) return;
      findings.push_back({rule_, "IoSetCompletionRoutineEx called for " + label_text(trace, event.object) +
                                     " with a device of another driver", index, {}});
    } else if (rule_ == RuleId::IoSetCompletionRoutineNonPnpDriver) {
      if (ex || has_add_device_ || reported_ || (event.arg & kCompletionSet) == 0) return;
      reported_ = true;
      findings.push_back({rule_, "a driver without an AddDevice routine calls IoSetCompletionRoutine instead of the Ex form",
                          index, {}});
    } else {
      std::erase_if(open_, [&](const Open& open) { return open.irp == event.object; });
      const bool opens = rule_ == RuleId::CompletionRoutineRegistered ? ex && !failed : failed;
      if (opens) open_.push_back({event.object, index});
    }
  }

  void end(const Trace& trace, std::uint32_t index, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const auto found = std::ranges::find(open_, event.object, &Open::irp);
    if (found == open_.end()) return;
    const std::uint32_t made = found->event;
    open_.erase(found);
    if (rule_ == RuleId::IoSetCompletionRoutineExCheck) {
      if (skipped(trace, made, index)) return;
      findings.push_back({rule_, label_text(trace, event.object) +
                                     " passed down although IoSetCompletionRoutineEx had failed", index,
                          {{made, "IoSetCompletionRoutineEx failed"}}});
    } else if (event.kind == EVENT_IrpComplete && event.site != kNoSite) {
      findings.push_back({rule_, label_text(trace, event.object) +
                                     " completed without having been passed down after IoSetCompletionRoutineEx", index,
                          {{made, "IoSetCompletionRoutineEx"}}});
    }
  }

  static bool skipped(const Trace& trace, std::uint32_t failed, std::uint32_t forward) {
    for (std::uint32_t index = failed + 1; index < forward; ++index) {
      const Event& event = trace.events[index];
      if (event.kind == EVENT_DdiEnter && event.ddi == DDI_IoSkipCurrentIrpStackLocation &&
          event.object == trace.events[forward].object)
        return true;
    }
    return false;
  }

  RuleId rule_;
  std::vector<Open> open_;
  bool has_add_device_ = false, reported_ = false;
};

}  // namespace

std::shared_ptr<Rule> make_set_completion_routine(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<SetCompletionRoutineRule>(rule);
}

}  // namespace wdm
