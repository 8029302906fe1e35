// Deadlock: a processor or thread does not wait for something that can never come.
// No rule page. Bug check 0x133 (a lock that a DPC and the code under it share: also 0xC4, 0x40 or 0xF).
//
// Checks:
// 1. A DPC or ISR does not spin for a lock that the code it has interrupted, on the same processor, holds.
// 2. When nothing can run any more, no thread is left that spins for a lock or waits for an object in driver code.
//
// Check 2: the machine looks and emits one Stuck event for each such thread; the finding is made at the first that says
// something about the driver, and a thread that spins is preferred to one that waits, since system threads often wait
// because the spinning one will never wake them. The message follows the chain of who waits for whose lock, mutex or
// resource.
//
// Narrowed:
// - A thread that waits outside driver code (for its IRP) is no finding here: IrpNeverCompleted names the IRP.
// - A routine that spins for a lock it took itself is SpinLock's.
// - IoReleaseRemoveLockAndWait that waits for an acquisition that nobody will release is the RemoveLock rules'.
// - A wait for an event that an IRP's completion should have set is named by the rules of signal_event_in_completion.cc.
#include <algorithm>
#include <array>

#include "emu/rules/locks.h"
#include "emu/rules/remove_lock.h"
#include "emu/rules/signal_event_in_completion.h"
#include "emu/rules/text.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

class DeadlockRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockAttempt) | interest(EVENT_LockAcquired) | interest(EVENT_WaitBegin) |
           interest(EVENT_WaitEnd) | interest(EVENT_ThreadExit) | interest(EVENT_Stuck);
  }
  void reset() override {
    waits_.fill(0);
    reported_ = false;
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_LockAttempt:
        if (spins(event)) waits_[event.thread] = index + 1;
        return judge_interrupted(trace, index, ledger, findings);
      case EVENT_WaitBegin: waits_[event.thread] = index + 1; return;
      case EVENT_LockAcquired:
      case EVENT_WaitEnd: return end_wait(trace, event);
      case EVENT_ThreadExit: waits_[event.thread] = 0; return;  // its number may be another thread's next
      case EVENT_Stuck: return judge_stuck(trace, index, ledger, findings);
    }
  }

 private:
  // Of several owners one that waits itself: the others may yet let go.
  const OwnedLock* owner_of(ObjectId object, const Ledger& ledger) const {
    const OwnedLock* first = nullptr;
    for (const OwnedLock& owner : ledger.owned()) {
      if (owner.object != object) continue;
      if (waits_[owner.thread] != 0) return &owner;
      if (first == nullptr) first = &owner;
    }
    return first;
  }

  void end_wait(const Trace& trace, const Event& event) {
    std::uint32_t& wait = waits_[event.thread];
    if (wait != 0 && trace.events[wait - 1].object == event.object) wait = 0;
  }

  static void judge_interrupted(const Trace& trace, std::uint32_t index, const Ledger& ledger,
                                std::vector<Finding>& findings) {
    if (ledger.held().empty()) return;
    const Event& event = trace.events[index];
    const HeldLock* held = ledger.find(event.object, event.thread);
    if (held == nullptr || !ledger.interrupted(*held) || !spins(event)) return;
    const bool both_shared = lock_base(held->kind) == MACH_LOCK_EX_SHARED && lock_base(event.arg2) == MACH_LOCK_EX_SHARED;
    if (both_shared) return;
    const Activation& interrupter = interrupter_of(*held, ledger);
    findings.push_back({RuleId::Deadlock,
                        std::string(callback_name(interrupter.callback)) + " spins for " +
                            label_text(trace, event.object) + ", held by the code that it interrupted on its own CPU",
                        index, {acquired(trace, *held), {interrupter.event, "interrupted it"}}});
  }

  // The first DPC or ISR after the lock was taken.
  static const Activation& interrupter_of(const HeldLock& held, const Ledger& ledger) {
    const auto activations = ledger.activations(held.thread);
    for (const Activation& activation : activations) {
      const bool interrupts = activation.callback == CALLBACK_Dpc || activation.callback == CALLBACK_Isr;
      if (interrupts && activation.event > held.event) return activation;
    }
    return activations.back();
  }

  bool spins_in_driver(const Trace& trace, const Ledger& ledger, std::uint8_t thread) const {
    const std::uint32_t wait = waits_[thread];
    return wait != 0 && trace.events[wait - 1].kind == EVENT_LockAttempt && !ledger.activations(thread).empty() &&
           lock_base(trace.events[wait - 1].arg2) != MACH_LOCK_INTERNAL;
  }

  void judge_stuck(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    if (reported_) return;
    const Event& event = trace.events[index];
    std::uint8_t subject = event.thread;
    for (std::uint32_t thread = 0; event.arg != 1 && thread < waits_.size(); ++thread) {
      if (!spins_in_driver(trace, ledger, static_cast<std::uint8_t>(thread))) continue;
      subject = static_cast<std::uint8_t>(thread);
      break;
    }
    if (subject == event.thread && waits_for_forgotten(trace, index, ledger) != nullptr) return;
    const bool driver = !ledger.activations(subject).empty() || (subject == event.thread && event.site != kNoSite);
    if (!driver) return;
    reported_ = true;
    if (subject == event.thread && completion_wait(trace, index, ledger)) return;
    report(trace, index, subject, ledger, findings);
  }

  // Follows who waits for whom, from `subject` until it closes or ends.
  void report(const Trace& trace, std::uint32_t index, std::uint8_t subject, const Ledger& ledger,
              std::vector<Finding>& findings) const {
    Finding finding{RuleId::Deadlock, "", wait_event(subject, index, trace), {}};
    std::array<bool, 256> seen{};
    for (std::uint8_t thread = subject; !seen[thread];) {
      seen[thread] = true;
      const std::uint32_t place = wait_event(thread, index, trace);
      const Event& wait = trace.events[place];
      if (wait.thread != thread) break;  // this one could run
      if (place != finding.event) finding.evidence.push_back({place, wait_text(trace, wait)});
      if (!finding.message.empty()) finding.message += "; ";
      finding.message += thread_text(thread) + " " + wait_text(trace, wait);

      const HeldLock* held = ledger.find(wait.object);
      if (held != nullptr) {
        finding.message += ", which " + thread_text(held->thread) + " holds";
        finding.evidence.push_back(acquired(trace, *held));
        thread = held->thread;
      } else if (const OwnedLock* owner = owner_of(wait.object, ledger); owner != nullptr) {
        finding.message += ", which " + thread_text(owner->thread) + " holds";
        finding.evidence.push_back({owner->event, "acquired " + label_text(trace, wait.object)});
        thread = owner->thread;
      } else if (const Event& stuck = trace.events[index]; stuck.thread == thread && stuck.arg2 != 0) {
        thread = static_cast<std::uint8_t>(stuck.arg2 - 1);
        finding.message += ", which " + thread_text(thread) + " holds";
      }
    }
    finding.evidence.push_back({index, "can never run again"});
    findings.push_back(std::move(finding));
  }

  // Where the thread began to wait, or the Stuck event when that is not known.
  std::uint32_t wait_event(std::uint8_t thread, std::uint32_t stuck, const Trace& trace) const {
    const std::uint32_t wait = waits_[thread];
    if (wait == 0) return stuck;
    const bool same = trace.events[stuck].thread != thread || trace.events[wait - 1].object == trace.events[stuck].object;
    return same ? wait - 1 : stuck;
  }

  static std::string wait_text(const Trace& trace, const Event& wait) {
    const bool spinning = wait.kind == EVENT_LockAttempt || (wait.kind == EVENT_Stuck && wait.arg == 1);
    if (wait.object == 0 && wait.ddi != DDI_None) return "waits in " + std::string(ddi_name(wait.ddi));
    return (spinning ? "spins for " : "waits for ") + label_text(trace, wait.object);
  }

  std::array<std::uint32_t, 256> waits_{};  // by thread: index of its unanswered LockAttempt or WaitBegin, plus 1
  bool reported_ = false;
};

}  // namespace

std::unique_ptr<Rule> make_deadlock() { return std::make_unique<DeadlockRule>(); }

}  // namespace wdm
