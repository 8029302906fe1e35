#include "emu/rules/locks.h"

#include "emu/rules/ddi_set.h"
#include "emu/rules/history.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

// The routine that ends with this event.
struct Ending {
  std::uint32_t entered;  // index of the CallbackEnter, or 0
  std::uint32_t callback;
};

Ending ending(const Event& event, const Ledger& ledger) {
  const auto activations = ledger.activations(event.thread);
  if (event.kind == EVENT_ThreadExit) return {0, CALLBACK_Thread};
  return {activations.empty() ? 0 : activations.back().event, event.arg2};
}

// A cancel routine is called with the cancel lock held and has to release it: that one counts as its own.
bool left_held(const HeldLock& held, const Event& event, Ending end) {
  if (held.thread != event.thread) return false;
  if (end.callback == CALLBACK_Cancel && lock_base(held.kind) == MACH_LOCK_CANCEL) return true;
  return held.event >= end.entered;
}

}  // namespace

std::string_view lock_noun(std::uint32_t kind) {
  switch (lock_base(kind)) {
    case MACH_LOCK_QUEUED: return "queued spin lock";
    case MACH_LOCK_CANCEL: return "cancel spin lock";
    case MACH_LOCK_EX_SHARED: return "shared executive spin lock";
    case MACH_LOCK_EX_EXCLUSIVE: return "exclusive executive spin lock";
    case MACH_LOCK_INTERRUPT: return "interrupt spin lock";
  }
  return "spin lock";
}

bool spins(const Event& event) {
  static const DdiSet tries = {"KeTryToAcquireSpinLockAtDpcLevel", "KeTryToAcquireQueuedSpinLock",
                               "ExTryAcquireSpinLockExclusiveAtDpcLevel", "ExTryAcquireSpinLockSharedAtDpcLevel",
                               "ExTryConvertSharedSpinLockExclusive"};
  return event.kind == EVENT_LockAttempt && !tries.contains(event.ddi);
}

Evidence acquired(const Trace& trace, const HeldLock& held) {
  return {held.event, "acquired " + label_text(trace, held.lock)};
}

bool ends_lock_scope(std::uint32_t callback) {
  switch (static_cast<callback_number>(callback)) {
    case CALLBACK_DriverEntry:
    case CALLBACK_AddDevice:
    case CALLBACK_Unload:
    case CALLBACK_Dispatch:
    case CALLBACK_StartIo:
    case CALLBACK_Cancel:
    case CALLBACK_Dpc:
    case CALLBACK_Completion:
    case CALLBACK_WorkItem:
    case CALLBACK_Thread:
    case CALLBACK_Isr: return true;
    case CALLBACK_Csq:
    case CALLBACK_Other:
    case CALLBACK_COUNT: return false;
  }
  return false;
}

void judge_acquired_again(RuleId rule, const Trace& trace, std::uint32_t index, const Ledger& ledger,
                          std::vector<Finding>& findings) {
  const Event& event = trace.events[index];
  const HeldLock* held = ledger.find(event.object, event.thread);
  if (held == nullptr || ledger.interrupted(*held) || !spins(event)) return;
  std::string message = std::string(lock_noun(event.arg2)) + " acquired again by the CPU that holds it";
  if (lock_base(held->kind) != lock_base(event.arg2)) message += ", as a " + std::string(lock_noun(held->kind));
  findings.push_back({rule, message, index, {acquired(trace, *held)}});
}

void judge_held_at_return(RuleId rule, std::uint32_t kinds, const Trace& trace, std::uint32_t index,
                          const Ledger& ledger, std::vector<Finding>& findings) {
  if (ledger.held().empty()) return;
  const Event& event = trace.events[index];
  const Ending end = ending(event, ledger);
  if (!ends_lock_scope(end.callback)) return;

  Finding* finding = nullptr;
  for (const HeldLock& held : ledger.held()) {
    if ((kinds >> lock_base(held.kind) & 1) == 0 || !left_held(held, event, end)) continue;
    if (finding == nullptr) {
      std::string message = std::string(lock_noun(held.kind)) + " still held when the " +
                            std::string(callback_name(end.callback)) + " returns" +
                            std::string(return_note(end.callback));
      // The cancel lock was taken by the kernel: then the place to look at is the routine that forgot it.
      const std::uint32_t place = held.event >= end.entered ? held.event : end.entered;
      findings.push_back({rule, std::move(message), place, {{index, "returns with it held"}}});
      finding = &findings.back();
    }
    if (held.event != finding->event) finding->evidence.push_back(acquired(trace, held));
  }
}

void judge_release(RuleId rule, const Trace& trace, std::uint32_t index, const Ledger& ledger,
                   std::vector<Finding>& findings) {
  const Event& event = trace.events[index];
  const HeldLock* own = ledger.find(event.object, event.thread);
  if (own != nullptr && !ledger.interrupted(*own)) return;

  const std::string noun(lock_noun(event.arg2));
  if (own != nullptr) {
    findings.push_back({rule, noun + " released by a routine that interrupted its holder", index,
                        {acquired(trace, *own)}});
    return;
  }
  if (const HeldLock* other = ledger.find(event.object); other != nullptr) {
    findings.push_back({rule, noun + " released by " + thread_text(event.thread) + " but held by " +
                                  thread_text(other->thread) + " (0xC4, 0x1004)",
                        index, {acquired(trace, *other)}});
    return;
  }
  Finding finding{rule, noun + " released while it is not held (0xC4, 0x1007)", index, {}};
  add_last(finding, trace, index, EVENT_LockRelease, event.object, "released " + label_text(trace, event.object));
  findings.push_back(std::move(finding));
}

}  // namespace wdm
