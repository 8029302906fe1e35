// PagedPool: paged pool is touched only below DISPATCH_LEVEL.
// Documentation: "Making drivers pageable". Bug check 0xD1 (DRIVER_IRQL_NOT_LESS_OR_EQUAL).
//
// Checks: none from events. The machine poisons paged pool while code at DISPATCH_LEVEL or above runs; the access itself is
// said in a Violation event.
//
// Narrowed: blocks whose pages an MDL has locked may be touched at any IRQL.
#include "emu/rules/rule.h"

namespace wdm {
namespace {

class PagedPoolRule final : public Rule {
 public:
  std::uint64_t interests() const override { return 0; }
  void reset() override {}
  void on(const Trace&, std::uint32_t, const Ledger&, std::vector<Finding>&) override {}
};

}  // namespace

std::unique_ptr<Rule> make_paged_pool() { return std::make_unique<PagedPoolRule>(); }

}  // namespace wdm
