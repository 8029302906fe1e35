// EventAfterFree, WorkItemAfterFree, RemoveLockAfterFree, ResourceAfterFree, LookasideAfterFree, CsqAfterFree: the memory of an
// object is there as long as the object is in use.
// Documentation: "Storage for dispatcher objects" and the pages of the routines that end the use of each. Bug checks: 0xC9,
// 0x0D (event on a stack that has been left), 0xE4 (work item), 0xC4, 0xD2 (resource), 0xCE (at unload), 0xD5 (queue, with
// special pool).
//
// Checks:
// 1. EventAfterFree: no event, semaphore, mutex or timer is freed that a thread waits for, and none is signaled whose stack
//    frame has been left, by the driver or by the completion of an IRP.
// 2. WorkItemAfterFree: no work item is freed or made invalid while it waits for its worker.
// 3. RemoveLockAfterFree: no remove lock is freed that is acquired.
// 4. ResourceAfterFree: no resource is freed, and the driver not unloaded, before ExDeleteResourceLite.
// 5. LookasideAfterFree: no lookaside list is freed, and the driver not unloaded, before it is deleted.
// 6. CsqAfterFree: no cancel-safe queue, and no IO_CSQ_IRP_CONTEXT, is freed that the queue's cancel routine will look at.
//
// Locks: lock_freed_while_held.cc. DPCs and timers: dpc_after_free.cc, timer_active_on_free.cc.
//
// Narrowed:
// - A wait is over when its object has been signaled, though the thread has not gone on yet: the one who signaled it may free
//   it. An item is in use until its worker has taken it out of the queue.
// - An IRP that the driver took off its list by itself, with IoSetCancelRoutine, is in no cancel-safe queue any more.
// - A frame that has been left is seen only while nothing lies over it, and not in memory that AddressSanitizer keeps for it.
#include <algorithm>

#include "emu/rules/rule.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

bool judged_by(RuleId rule, std::uint32_t kind) {
  switch (kind) {
    case OBJECT_WorkItem: return rule == RuleId::WorkItemAfterFree;
    case OBJECT_RemoveLock: return rule == RuleId::RemoveLockAfterFree;
    case OBJECT_Resource: return rule == RuleId::ResourceAfterFree;
    case OBJECT_Lookaside: return rule == RuleId::LookasideAfterFree;
    case OBJECT_Csq: return rule == RuleId::CsqAfterFree;
    case OBJECT_Event:
    case OBJECT_Semaphore:
    case OBJECT_Mutex:
    case OBJECT_Timer: return rule == RuleId::EventAfterFree;
  }
  return false;
}

std::string_view way_text(std::uint64_t how) {
  if (how == FREED_Frame) return "whose stack frame has been left";
  return how == FREED_Image ? "of a driver that is unloaded" : "freed";
}

std::string_view use_text(std::uint32_t use) {
  switch (use) {
    case FREED_Waited: return "while a thread waits for it";
    case FREED_Queued: return "while it is queued";
    case FREED_Kept: return "before it was deleted";
    case FREED_Used: return "is signaled";
    case FREED_Holding: return "while an IRP is in it";
  }
  return "while it is acquired";
}

class ObjectAfterFreeRule final : public Rule {
 public:
  explicit ObjectAfterFreeRule(RuleId rule) : rule_(rule) {}

  std::uint64_t interests() const override {
    const std::uint64_t freed = interest(EVENT_ObjectFreed);
    if (rule_ != RuleId::RemoveLockAfterFree) return freed;
    return freed | interest(EVENT_RemoveAcquire) | interest(EVENT_RemoveRelease);
  }
  void reset() override { acquired_.clear(); }
  void on(const Trace& trace, std::uint32_t index, const Ledger&, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    if (event.kind == EVENT_ObjectFreed) return judge_freed(trace, index, findings);
    if (event.kind == EVENT_RemoveAcquire) {
      if (static_cast<std::uint32_t>(event.arg) == 0) acquired_.push_back(event.object);
    } else if ((event.arg & 1) != 0) {  // waits until the others have released it
      std::erase(acquired_, event.object);
    } else if (const auto one = std::find(acquired_.begin(), acquired_.end(), event.object); one != acquired_.end()) {
      acquired_.erase(one);
    }
  }

 private:
  void judge_freed(const Trace& trace, std::uint32_t index, std::vector<Finding>& findings) const {
    const Event& event = trace.events[index];
    if (!judged_by(rule_, trace.objects[event.object].kind)) return;
    if (event.arg == FREED_Frame && event.arg2 != FREED_Used) return;  // a timer's: TimerActiveOnFree
    if (event.arg2 == FREED_Unknown && std::find(acquired_.begin(), acquired_.end(), event.object) == acquired_.end()) return;
    Finding finding{rule_,
                    label_text(trace, event.object) + " " + std::string(way_text(event.arg)) + " " +
                        std::string(use_text(event.arg2)),
                    index, {}};
    add_last_use(finding, trace, index);
    findings.push_back(std::move(finding));
  }

  // The driver's last event about the object is the other side, or the place itself when the kernel was the one to see it.
  static void add_last_use(Finding& finding, const Trace& trace, std::uint32_t index) {
    const Event& freed = trace.events[index];
    for (std::uint32_t at = index; at-- > 0;) {
      const Event& event = trace.events[at];
      const bool about = event.object == freed.object || (event.kind == EVENT_IrpCreate && event.arg2 == freed.object);
      if (!about || event.site == kNoSite) continue;
      if (freed.site == kNoSite) {
        finding.event = at;
        finding.evidence.push_back({index, "its memory is gone"});
      } else {
        finding.evidence.push_back({at, "last used " + label_text(trace, freed.object)});
      }
      return;
    }
  }

  const RuleId rule_;
  std::vector<ObjectId> acquired_;  // remove locks, once for each acquisition
};

}  // namespace

std::shared_ptr<Rule> make_object_after_free(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<ObjectAfterFreeRule>(rule);
}

}  // namespace wdm
