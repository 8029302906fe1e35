// CompleteRequestStatusCheck: no IRP is completed with STATUS_PENDING.
// Documentation: "CompleteRequestStatusCheck rule (wdm)". Bug check 0xC9, 0x06.
//
// Checks:
// 1. When the driver completes an IRP, IoStatus.Status is neither STATUS_PENDING nor -1.
//
// Narrowed: whether the status is that of the lower driver is not judged, since overriding it can be deliberate.
#include "emu/rules/dispatch_return.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

constexpr std::uint32_t kMinusOne = 0xffffffff;

class CompleteRequestStatusCheckRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrpComplete); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.site == kNoSite || (event.arg != kStatusPending && event.arg != kMinusOne)) return;
    findings.push_back({RuleId::CompleteRequestStatusCheck,
                        label_text(trace, event.object) + " completed with " +
                            (event.arg == kStatusPending ? "STATUS_PENDING" : "status -1") + " in IoStatus.Status",
                        index, {}});
  }
};

}  // namespace

std::unique_ptr<Rule> make_complete_request_status_check() { return std::make_unique<CompleteRequestStatusCheckRule>(); }

}  // namespace wdm
