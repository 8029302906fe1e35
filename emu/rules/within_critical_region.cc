// WithinCriticalRegion: an executive resource is acquired and released only while normal kernel APCs are off.
// Documentation: "WithinCriticalRegion rule (wdm)". Bug check 0xC4, 0x37 (acquire) and 0x38 (release).
//
// Checks: none from events. The kernel, which knows what disables APCs, sees it in the resource's routine and says so in a
// Violation event.
//
// Narrowed: the page wants KeEnterCriticalRegion. A guarded region, an owned KMUTEX, APC_LEVEL and a system thread do as well.
#include "emu/rules/rule.h"

namespace wdm {
namespace {

class WithinCriticalRegionRule final : public Rule {
 public:
  std::uint64_t interests() const override { return 0; }
  void reset() override {}
  void on(const Trace&, std::uint32_t, const Ledger&, std::vector<Finding>&) override {}
};

}  // namespace

std::unique_ptr<Rule> make_within_critical_region() { return std::make_unique<WithinCriticalRegionRule>(); }

}  // namespace wdm
