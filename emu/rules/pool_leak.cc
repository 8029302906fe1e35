// PoolLeak: every pool allocation is freed before the driver is unloaded.
// Documentation: "Driver Verifier pool tracking". Bug check 0xC4, 0x62.
//
// Checks:
// 1. No block is left after unload. The finding is about the allocation.
//
// Blocks that the kernel allocates for itself have no event and are never reported.
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

std::uint32_t allocation(const Trace& trace, std::uint32_t end) {
  const ObjectId block = trace.events[end].object;
  for (std::uint32_t index = 0; index < end; ++index) {
    if (trace.events[index].kind == EVENT_PoolAlloc && trace.events[index].object == block) return index;
  }
  return end;
}

// A tag is four characters, the first in the lowest byte.
std::string tag_text(std::uint32_t tag) {
  std::string text;
  for (; tag != 0; tag >>= 8) {
    const char character = static_cast<char>(tag & 0xff);
    text += character >= ' ' && character <= '~' ? character : '.';
  }
  return text.empty() ? "no tag" : "tag '" + text + "'";
}

class PoolLeakRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_EndPool); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& end = trace.events[index];
    findings.push_back({RuleId::PoolLeak,
                        label_text(trace, end.object) + " of " + std::to_string(end.arg) + " bytes with " +
                            tag_text(end.arg2) + " is never freed",
                        allocation(trace, index), {{index, "still allocated after unload"}}});
  }
};

}  // namespace

std::unique_ptr<Rule> make_pool_leak() { return std::make_unique<PoolLeakRule>(); }

}  // namespace wdm
