// IoAllocateFree, IoBuildFsdFree, IoBuildDeviceControlNoFree, IoBuildSynchronousFsdRequestNoFree: IoFreeIrp is called only for IRPs
// that are the driver's to free, and that it has.
// Documentation: "<Name> rule (wdm)" of each. Bug check 0xC9, 0x01 (still on a thread's list 0x02; in use 0x20A), or 0x44.
//
// Checks, at the call of IoFreeIrp:
// 1. IoAllocateFree: the IRP is no request that the driver was given or that Windows made for it, nor in memory of the driver's own
//    (IoInitializeIrp); one of IoAllocateIrp is not below and was not freed before.
// 2. IoBuildFsdFree: one of IoBuildAsynchronousFsdRequest is not below, and was not freed before, by the driver or at completion.
// 3. IoBuildDeviceControlNoFree, IoBuildSynchronousFsdRequestNoFree: the IRP was not made by that routine: the I/O manager frees
//    those when they are completed.
//
// Speaks before the kernel does, and before AddressSanitizer sees a freed IRP read.
#include <algorithm>
#include <vector>

#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

RuleId speaker(std::uint16_t origin) {
  switch (origin) {
    case DDI_IoBuildDeviceIoControlRequest: return RuleId::IoBuildDeviceControlNoFree;
    case DDI_IoBuildSynchronousFsdRequest: return RuleId::IoBuildSynchronousFsdRequestNoFree;
    case DDI_IoBuildAsynchronousFsdRequest: return RuleId::IoBuildFsdFree;
    default: return RuleId::IoAllocateFree;
  }
}

class IoFreeIrpRule final : public Rule {
 public:
  explicit IoFreeIrpRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override { return interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return ddi == DDI_IoFreeIrp; }
  void reset() override { freed_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const bool known = event.object < trace.objects.size() && trace.objects[event.object].kind == OBJECT_Irp;
    if (event.ddi != DDI_IoFreeIrp || !known) return;
    const IrpState& irp = ledger.irp(event.object);
    if (irp.created == 0 || speaker(irp.origin) != rule_) return;
    const auto before = std::ranges::find(freed_, event.object, &Freed::irp);
    Finding finding{rule_, "", index, {}};
    if (before != freed_.end()) {
      finding = {rule_, " freed twice", index, {{before->event, "freed before"}}};
    } else if (const std::string_view why = whose(irp.origin); !why.empty()) {
      finding = {rule_, " freed with IoFreeIrp, but " + std::string(why), index, {{irp.created - 1, "made"}}};
    } else if (irp.gone != 0) {
      finding = {rule_, " freed after it was completed and gone", index, {{irp.gone - 1, "gone"}}};
    } else if (irp.owner == IrpOwner::below) {
      finding = {rule_, " freed while it is pending below", index, {{irp.forwarded - 1, "passed down"}}};
    } else {
      freed_.push_back({event.object, index});
      return;
    }
    finding.message = label_text(trace, event.object) + finding.message;
    findings.push_back(std::move(finding));
  }

 private:
  struct Freed {
    ObjectId irp;
    std::uint32_t event;
  };

  // Why it is not the driver's to free, "" when it is.
  static std::string_view whose(std::uint16_t origin) {
    switch (origin) {
      case DDI_IoAllocateIrp:
      case DDI_IoBuildAsynchronousFsdRequest:
      case DDI_IoMakeAssociatedIrp: return "";
      case DDI_IoInitializeIrp: return "it is in memory of the driver's own";
      case DDI_IoBuildDeviceIoControlRequest:
      case DDI_IoBuildSynchronousFsdRequest: return "the I/O manager frees it when it is completed";
      default: return "the driver did not make it";
    }
  }

  RuleId rule_;
  std::vector<Freed> freed_;
};

}  // namespace

std::shared_ptr<Rule> make_io_free_irp(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<IoFreeIrpRule>(rule);
}

}  // namespace wdm
