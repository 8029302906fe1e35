// DpcAfterFree: the memory of a DPC is not freed while the DPC is queued.
// Documentation: "Introduction to DPC objects". Bug check 0xC7, 0x01 (after unload 0xCE).
//
// Checks:
// 1. No pool block is freed that contains a queued DPC.
// 2. No DPC runs that lies in a stack frame that has been left.
// 3. No DPC is queued when the driver is unloaded: its routine, and often the DPC itself, goes with the image.
//
// A DPC that is running is not queued: use of freed memory by its routine is AddressSanitizer's.
#include "emu/rules/history.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class DpcAfterFreeRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_DpcFreed) | interest(EVENT_EndDpc) | interest(EVENT_ObjectFreed); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    const bool left = event.kind == EVENT_ObjectFreed;  // by a function that had it on its stack
    if (left && (event.arg2 != FREED_Queued || trace.objects[event.object].kind != OBJECT_Dpc)) return;
    const bool freed = event.kind == EVENT_DpcFreed;
    Finding finding{RuleId::DpcAfterFree,
                    label_text(trace, event.object) + (left    ? " of a stack frame that has been left is still queued"
                                                     : freed ? " freed while it is queued"
                                                             : " still queued after unload (bug check 0xCE)"),
                    index, {}};
    add_last(finding, trace, index, EVENT_DpcQueue, event.object, "queued " + label_text(trace, event.object));
    if (!freed && !finding.evidence.empty()) {  // nothing of the driver runs any more: show where it began
      finding.event = finding.evidence.front().event;
      finding.evidence.front() = {index, "still queued"};
    }
    findings.push_back(std::move(finding));
  }
};

}  // namespace

std::unique_ptr<Rule> make_dpc_after_free() { return std::make_unique<DpcAfterFreeRule>(); }

}  // namespace wdm
