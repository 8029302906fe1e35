// MarkingQueuedIrps, MarkingInterlockedQueuedIrps: an IRP is marked pending before others can take it off a queue.
// Documentation: "MarkingQueuedIrps rule (wdm)", "MarkingInterlockedQueuedIrps rule (wdm)". Bug check 0xC9, 0x209, or 0x44.
//
// Checks, when a routine marks an IRP pending that it has put on a queue, and has not taken off since:
// 1. MarkingQueuedIrps: it was put on a list under a spin lock, and none of the locks held then is still held; or on a device queue
//    by IoStartPacket or a cancel-safe queue, which also marks it itself.
// 2. MarkingInterlockedQueuedIrps: it was put on a list by ExInterlockedInsertHeadList or ExInterlockedInsertTailList.
//
// Narrowed:
// - A list that is used without a spin lock may have another kind of guard; the same when the routine has owned a mutex, resource
//   or push lock all the time.
// - Marking inside the lock but after the insertion is fine: nobody can take the IRP off before the lock is free.
#include <algorithm>
#include <vector>

#include "emu/rules/rule.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class MarkingQueuedIrpsRule final : public Rule {
 public:
  explicit MarkingQueuedIrpsRule(RuleId rule) : rule_(rule) {}
  std::uint64_t interests() const override {
    return interest(EVENT_IrpInsert) | interest(EVENT_IrpRemove) | interest(EVENT_IrpQueue) | interest(EVENT_CallbackEnter) |
           interest(EVENT_CallbackLeave) | interest(EVENT_IrpMarkPending);
  }
  void reset() override { queued_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_IrpInsert:
        if (locked(ledger, event.thread)) queue(event, index, event.activation);
        return;
      case EVENT_IrpQueue: return queue(event, index, event.activation);
      case EVENT_CallbackEnter: return enter(event, index, ledger);
      case EVENT_IrpRemove:
        std::erase_if(queued_, [&](const Queued& q) { return q.irp == event.object && q.thread == event.thread; });
        return;
      case EVENT_CallbackLeave:
        std::erase_if(queued_, [&](const Queued& q) { return q.thread == event.thread && q.activation == event.activation; });
        return;
      case EVENT_IrpMarkPending: return judge(trace, index, ledger, findings);
    }
  }

 private:
  struct Queued {
    ObjectId irp;
    std::uint16_t activation;  // of the routine that put it there
    std::uint8_t thread;
    bool interlocked;
    std::uint32_t event;
  };

  static bool locked(const Ledger& ledger, std::uint8_t thread) {
    return std::ranges::any_of(ledger.held(), [&](const HeldLock& held) { return held.thread == thread; });
  }

  void queue(const Event& event, std::uint32_t index, std::uint16_t activation) {
    const bool interlocked =
        event.ddi == DDI_ExInterlockedInsertHeadList || event.ddi == DDI_ExInterlockedInsertTailList;
    std::erase_if(queued_, [&](const Queued& q) { return q.irp == event.object; });
    queued_.push_back({event.object, activation, event.thread, interlocked, index});
  }

  // IoStartPacket calls the StartIo routine at once when the device is idle; for its caller the IRP is gone as well.
  void enter(const Event& event, std::uint32_t index, const Ledger& ledger) {
    const auto activations = ledger.activations(event.thread);
    if (event.arg2 != CALLBACK_StartIo || activations.empty()) return;
    const Activation& caller = activations.back();
    if (caller.callback == CALLBACK_Dispatch && caller.object == event.object) queue(event, index, caller.number);
  }

  void judge(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) const {
    if (queued_.empty()) return;
    const Event& event = trace.events[index];
    const auto queued = std::ranges::find(queued_, event.object, &Queued::irp);
    if (queued == queued_.end() || queued->thread != event.thread || queued->activation != event.activation) return;
    const auto speaker = queued->interlocked ? RuleId::MarkingInterlockedQueuedIrps : RuleId::MarkingQueuedIrps;
    if (speaker != rule_ || still_guarded(trace, *queued, index, ledger)) return;
    findings.push_back({rule_,
                        label_text(trace, event.object) + " marked pending after it was put on a queue, where others can take it",
                        index, {{queued->event, "put on the queue"}}});
  }

  // Is a lock still held that was held when the IRP was queued?
  static bool still_guarded(const Trace& trace, const Queued& queued, std::uint32_t index, const Ledger& ledger) {
    for (const HeldLock& held : ledger.held())
      if (held.thread == queued.thread && held.event < queued.event) return true;
    std::vector<ObjectId> owned;
    for (std::uint32_t i = 0; i < index; ++i) {
      const Event& event = trace.events[i];
      const bool mine = event.arg == queued.thread + 1u;
      if (event.kind == EVENT_Own && mine && i < queued.event) owned.push_back(event.object);
      if (event.kind == EVENT_Disown && mine) std::erase(owned, event.object);
    }
    return !owned.empty();
  }

  RuleId rule_;
  std::vector<Queued> queued_;
};

}  // namespace

std::shared_ptr<Rule> make_marking_queued_irps(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<MarkingQueuedIrpsRule>(rule);
}

}  // namespace wdm
