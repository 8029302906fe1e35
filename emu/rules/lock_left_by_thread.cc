// LockLeftByThread: a thread that ends or goes back to its caller has released the mutexes, push locks and resources that it
// acquired.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x100A (a KMUTEX also 0x4000008A when its thread ends,
// 0x39 when a work item returns, 0x1 when a request returns to user mode).
//
// Checks:
// 1. A system thread owns none of them when its routine returns or calls PsTerminateSystemThread.
// 2. A work item owns no mutex and no push lock that it acquired when it returns.
// 3. A dispatch routine owns no mutex that it acquired when it returns to the caller of the request.
//
// Narrowed:
// - Spin locks are SpinLock's and its like's. A fast mutex left held leaves the IRQL at APC_LEVEL, which IrqlReturn reports,
//   so checks 2 and 3 look only at routines that return at the IRQL at which they were called.
// - Checks 2 and 3 leave out resources: their owner may be another thread by then, or release them for this one
//   (ExclusiveResourceAccess). Check 3 leaves out push locks, whose region is left with them (CriticalRegions), and routines
//   that the driver called itself.
#include "emu/rules/ddi_set.h"
#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

class LockLeftByThreadRule final : public Rule {
 public:
  std::uint64_t interests() const override { return interest(EVENT_CallbackLeave) | interest(EVENT_DdiEnter); }
  bool wants_call(std::uint16_t ddi, std::uint8_t) const override { return ends_thread_.contains(ddi); }
  void reset() override {}
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    if (ledger.owned().empty()) return;
    const Event& event = trace.events[index];
    const auto activations = ledger.activations(event.thread);
    if (activations.empty()) return;
    const Activation& outermost = activations.front();
    if (event.kind == EVENT_DdiEnter) {
      const bool ends = ends_thread_.contains(event.ddi) && outermost.callback == CALLBACK_Thread;
      if (ends) report("when it ends", kAll, 0, trace, index, ledger, findings);
      return;
    }
    if (activations.size() != 1 || event.arg2 != outermost.callback) return;
    const bool same_irql = event.irql == outermost.return_irql;
    if (event.arg2 == CALLBACK_Thread) report("when it ends", kAll, 0, trace, index, ledger, findings);
    if (event.arg2 == CALLBACK_WorkItem && same_irql)
      report("when its work item returns", kMutexes | kPushLocks, outermost.event, trace, index, ledger, findings);
    if (event.arg2 == CALLBACK_Dispatch && same_irql)
      report("when its dispatch routine returns", kMutexes, outermost.event, trace, index, ledger, findings);
  }

 private:
  static constexpr std::uint64_t kMutexes = std::uint64_t{1} << OBJECT_Mutex;
  static constexpr std::uint64_t kPushLocks = std::uint64_t{1} << OBJECT_PushLock;
  static constexpr std::uint64_t kAll = ~std::uint64_t{0};

  // Says which locks of `kinds` (bit 1 << OBJECT_*) the thread has acquired since `entered` and still owns.
  static void report(std::string_view when, std::uint64_t kinds, std::uint32_t entered, const Trace& trace,
                     std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const std::uint8_t thread = trace.events[index].thread;
    Finding* finding = nullptr;
    for (const OwnedLock& owned : ledger.owned()) {
      const bool counts = (kinds >> trace.objects[owned.object].kind & 1) != 0;
      if (!counts || owned.thread != thread || owned.event < entered) continue;
      const std::string label = label_text(trace, owned.object);
      if (finding == nullptr) {
        findings.push_back({RuleId::LockLeftByThread,
                            label + " still owned by " + thread_text(thread) + " " + std::string(when), owned.event,
                            {{index, "leaves with it owned"}}});
        finding = &findings.back();
      } else {
        finding->evidence.push_back({owned.event, "acquired " + label});
      }
    }
  }

  const DdiSet ends_thread_ = {"PsTerminateSystemThread"};
};

}  // namespace

std::unique_ptr<Rule> make_lock_left_by_thread() { return std::make_unique<LockLeftByThreadRule>(); }

}  // namespace wdm
