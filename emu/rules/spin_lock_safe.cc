// SpinLockSafe: IoCompleteRequest and IoStartNextPacket are not called while a spin lock is held.
// Documentation: "SpinLockSafe rule (wdm)". No bug check of its own; the deadlock it leads to is 0xC4, 0x1001 or 0xF.
//
// Checks:
// 1. The driver completes no IRP while its call chain holds any kind of spin lock, the cancel lock included.
// 2. It does not start the next packet (plainly or by key) then either.
//
// Other than the page says:
// - Completions by the kernel's own devices do not count: the driver did not call IoCompleteRequest.
// - Locks of code that a DPC has interrupted do not count: the DPC cannot know of them.
// - "Release needs a prior acquire" is SpinlockRelease's.
#include "emu/rules/ddi_set.h"
#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class SpinLockSafeRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_IrpComplete) | interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return start_next_.contains(ddi); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    if (ledger.held().empty()) return;
    const Event& event = trace.events[index];
    const bool completes = event.kind == EVENT_IrpComplete;
    if (event.site == kNoSite || (!completes && !start_next_.contains(event.ddi))) return;

    std::vector<Evidence> locks;
    for (const HeldLock& held : ledger.held()) {
      if (held.thread == event.thread && !ledger.interrupted(held)) locks.push_back(acquired(trace, held));
    }
    if (locks.empty()) return;
    const std::string what = completes ? "IoCompleteRequest" : std::string(ddi_name(event.ddi));
    const std::string lock = label_text(trace, trace.events[locks.front().event].object);
    findings.push_back({RuleId::SpinLockSafe, what + " called while " + lock + " is held", index, std::move(locks)});
  }

 private:
  const DdiSet start_next_ = {"IoStartNextPacket", "IoStartNextPacketByKey"};
};

}  // namespace

std::unique_ptr<Rule> make_spin_lock_safe() { return std::make_unique<SpinLockSafeRule>(); }

}  // namespace wdm
