// PagedCode: pageable code runs only below DISPATCH_LEVEL.
// Documentation: "PagedCode rule (wdm)". Bug check 0xD3 (DRIVER_PORTION_MUST_BE_NONPAGED).
//
// Checks: none from events. The kernel sees it in PAGED_CODE and at the entry of functions in sections named PAGE...
// (#pragma alloc_text), and says so in a Violation event.
//
// Narrowed: while a section is locked by MmLockPagableCodeSection, no function is looked at.
#include "emu/rules/rule.h"

namespace wdm {
namespace {

class PagedCodeRule final : public Rule {
 public:
  std::uint64_t interests() const override { return 0; }
  void reset() override {}
  void on(const Trace&, std::uint32_t, const Ledger&, std::vector<Finding>&) override {}
};

}  // namespace

std::unique_ptr<Rule> make_paged_code() { return std::make_unique<PagedCodeRule>(); }

}  // namespace wdm
