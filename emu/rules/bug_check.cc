// BugCheck: the driver does not make Windows stop: no bug check, no exception that nobody handles.
// Documentation: "Bug check codes". The code is in the message.
//
// Checks: none from events. The kernel sees it where it happens and says so in a Violation event, which the tracker
// turns into the finding; this rule is what `enable` and the list of rules know it by.
#include "emu/rules/rule.h"

namespace wdm {
namespace {

class BugCheckRule final : public Rule {
 public:
  std::uint64_t interests() const override { return 0; }
  void reset() override {}
  void on(const Trace&, std::uint32_t, const Ledger&, std::vector<Finding>&) override {}
};

}  // namespace

std::unique_ptr<Rule> make_bug_check() { return std::make_unique<BugCheckRule>(); }

}  // namespace wdm
