#include "emu/rules/ledger.h"

#include <algorithm>

#include "emu/rules/irp_codes.h"
#include "emu/rules/locks.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

bool interrupts(std::uint32_t callback) { return callback == CALLBACK_Dpc || callback == CALLBACK_Isr; }

// A cancel routine is entered with the cancel lock held and returns after it has given back that lock's IRQL.
std::uint8_t return_irql(const Event& event, std::span<const HeldLock> held) {
  if (event.arg2 != CALLBACK_Cancel) return event.irql;
  for (const HeldLock& lock : held) {
    if (lock_base(lock.kind) == MACH_LOCK_CANCEL && lock.thread == event.thread) return lock.old_irql;
  }
  return event.irql;
}

// The innermost callback that is not one of a cancel-safe queue: those take and release locks for their caller.
std::uint16_t owning_activation(std::span<const Activation> activations) {
  const auto found = std::find_if(activations.rbegin(), activations.rend(), [](const Activation& activation) {
    return activation.callback != CALLBACK_Csq;
  });
  return found == activations.rend() ? 0 : found->number;
}

void pass(IrpState& irp, IrpOwner owner, std::uint32_t stamp) {
  irp.owner = owner;
  irp.owned = stamp;
}

// Other DDIs make IRPs of the kernel's own.
bool makes_for_driver(std::uint16_t ddi) {
  return ddi == DDI_IoAllocateIrp || ddi == DDI_IoInitializeIrp || ddi == DDI_IoReuseIrp ||
         ddi == DDI_IoBuildDeviceIoControlRequest || ddi == DDI_IoBuildSynchronousFsdRequest ||
         ddi == DDI_IoBuildAsynchronousFsdRequest || ddi == DDI_IoMakeAssociatedIrp;
}

// An IRP that is initialised anew stays what it was made as.
void create(IrpState& irp, const Event& event, std::uint32_t stamp) {
  const bool anew = irp.created != 0 && irp.gone == 0 && (event.ddi == DDI_IoReuseIrp || event.ddi == DDI_IoInitializeIrp);
  const std::uint16_t origin = anew ? irp.origin : event.ddi;
  irp = IrpState{};
  irp.created = stamp;
  if (!makes_for_driver(event.ddi)) return;
  irp.origin = origin;
  irp.signals = event.arg2;
  pass(irp, IrpOwner::driver, stamp);
}

}  // namespace

void Ledger::reset() {
  held_.clear();
  owned_.clear();
  irps_.clear();
  remove_holds_.clear();
  remove_waits_.clear();
  for (std::uint32_t thread = 0; thread < threads_; ++thread) activations_[thread].clear();
  threads_ = 0;
}

void Ledger::apply(const Trace& trace, std::uint32_t index) {
  const Event& event = trace.events[index];
  switch (event.kind) {
    case EVENT_CallbackEnter: return enter(event, index);
    case EVENT_CallbackLeave: return leave(event, index);
    case EVENT_ThreadExit:  // its number may be another thread's next
      std::erase_if(owned_, [&](const OwnedLock& owned) { return owned.thread == event.thread; });
      return activations_[event.thread].clear();
    case EVENT_Own:
      owned_.push_back({event.object, index, static_cast<std::uint8_t>(event.arg - 1), (event.arg2 & 1) != 0});
      return;
    case EVENT_Disown:
      if (const OwnedLock* owned = find_owner(event.object, static_cast<std::uint8_t>(event.arg - 1)))
        owned_.erase(owned_.begin() + (owned - owned_.data()));
      return;
    case EVENT_LockAcquired: return acquire(event, index);
    case EVENT_LockRelease: return release(event);
    case EVENT_LockFreed:
      std::erase_if(held_, [&](const HeldLock& held) { return held.lock == event.object; });
      return;
    case EVENT_IrpCreate:
    case EVENT_IrpMarkPending:
    case EVENT_IrpSetCancel:
    case EVENT_IrpCancel:
    case EVENT_IrpComplete:
    case EVENT_IrpCompleted:
    case EVENT_IrpForward:
    case EVENT_IrpQueue:
    case EVENT_IrpSetCompletion:
    case EVENT_IrpCaught: return apply_irp(event, index + 1);
    case EVENT_RemoveAcquire: return acquire_remove(event, index);
    case EVENT_RemoveRelease: return release_remove(event, index);
  }
}

const HeldLock* Ledger::find(ObjectId lock) const {
  for (const HeldLock& held : held_) {
    if (held.lock == lock) return &held;
  }
  return nullptr;
}

const HeldLock* Ledger::find(ObjectId lock, std::uint8_t thread) const {
  const auto found = std::find_if(held_.rbegin(), held_.rend(), [&](const HeldLock& held) {
    return held.lock == lock && held.thread == thread;
  });
  return found == held_.rend() ? nullptr : &*found;
}

const OwnedLock* Ledger::find_owner(ObjectId object) const {
  for (const OwnedLock& owned : owned_) {
    if (owned.object == object) return &owned;
  }
  return nullptr;
}

const OwnedLock* Ledger::find_owner(ObjectId object, std::uint8_t thread) const {
  for (const OwnedLock& owned : owned_) {
    if (owned.object == object && owned.thread == thread) return &owned;
  }
  return nullptr;
}

bool Ledger::interrupted(std::uint8_t thread, std::uint32_t event) const {
  const auto& stack = activations_[thread];
  return std::any_of(stack.begin(), stack.end(), [&](const Activation& activation) {
    return activation.event > event && interrupts(activation.callback);
  });
}

const IrpState& Ledger::irp(ObjectId irp) const {
  static const IrpState none;
  return irp < irps_.size() ? irps_[irp] : none;
}

IrpState& Ledger::irp_at(ObjectId irp) {
  if (irp >= irps_.size()) irps_.resize(irp + 1);
  return irps_[irp];
}

void Ledger::enter(const Event& event, std::uint32_t index) {
  threads_ = std::max(threads_, event.thread + 1u);
  activations_[event.thread].push_back(
      {index, event.arg2, event.object, event.activation, return_irql(event, held_)});
  if (event.arg2 != CALLBACK_Completion && event.arg2 != CALLBACK_Dispatch) return;
  IrpState& irp = irp_at(event.object);
  if (event.arg2 == CALLBACK_Completion) ++irp.completing;
  else irp.dispatched = index + 1;
  pass(irp, IrpOwner::driver, index + 1);
}

void Ledger::leave(const Event& event, std::uint32_t index) {
  auto& stack = activations_[event.thread];
  if (stack.empty()) return;
  // A raised exception may have skipped the returns of inner callbacks.
  const auto same = std::find_if(stack.rbegin(), stack.rend(), [&](const Activation& activation) {
    return activation.callback == event.arg2 && activation.object == event.object;
  });
  const auto place = same == stack.rend() ? stack.end() - 1 : same.base() - 1;
  const std::uint32_t entered = place->event + 1;
  stack.erase(place, stack.end());
  if (event.arg2 != CALLBACK_Completion) return;

  IrpState& irp = irp_at(event.object);
  if (irp.completing > 0) --irp.completing;
  // Taken back: what stands is only a completion that was made since the routine began.
  if (event.arg == kMoreProcessingRequired && irp.completed < entered) irp.completed = irp.again;
  irp.again = 0;
  // Somebody whom the routine woke may have passed it on already.
  if (event.arg == kMoreProcessingRequired) irp.back = std::max(irp.back, entered);
  else if (irp.owned == entered) pass(irp, IrpOwner::above, index + 1);
}

void Ledger::acquire(const Event& event, std::uint32_t index) {
  if (lock_base(event.arg2) == MACH_LOCK_INTERNAL) return;
  for (HeldLock& held : held_) {
    const bool converts = held.lock == event.object && held.thread == event.thread &&
                          held.kind != event.arg2 && lock_base(held.kind) == MACH_LOCK_EX_SHARED;
    if (converts) {
      held.kind = MACH_LOCK_EX_EXCLUSIVE | (held.kind & MACH_LOCK_AT_DPC);
      return;
    }
  }
  held_.push_back({event.object, event.arg2, index, owning_activation(activations_[event.thread]), event.thread,
                   event.cpu, static_cast<std::uint8_t>(event.arg)});
}

void Ledger::release(const Event& event) {
  const HeldLock* own = find(event.object, event.thread);
  const HeldLock* holder = own != nullptr ? own : find(event.object);
  if (holder == nullptr || lock_base(event.arg2) == MACH_LOCK_INTERNAL) return;
  const HeldLock released = *holder;
  held_.erase(held_.begin() + (holder - held_.data()));
  pass_on_irql(released, event);
}

// A and B are held, B was taken last. Releasing A first with B's IRQL, and then B with A's, is legal: what A owed is now
// owed by B. The same holds when A is released with the FromDpcLevel form, which leaves the IRQL alone.
void Ledger::pass_on_irql(const HeldLock& released, const Event& event) {
  const std::uint64_t irql = lock_at_dpc(event.arg2) ? event.irql : event.arg;
  if (irql == released.old_irql) return;
  const auto heir = std::find_if(held_.rbegin(), held_.rend(), [&](const HeldLock& held) {
    return held.thread == released.thread && held.old_irql == irql;
  });
  if (heir != held_.rend()) heir->old_irql = released.old_irql;
}

const Activation* Ledger::dispatching(std::uint8_t thread) const {
  const auto& stack = activations_[thread];
  for (auto activation = stack.rbegin(); activation != stack.rend(); ++activation) {
    if (activation->callback == CALLBACK_Csq) continue;
    return activation->callback == CALLBACK_Dispatch ? &*activation : nullptr;
  }
  return nullptr;
}

const RemoveHold* Ledger::released(const Event& event) const {
  if ((event.arg & 2) != 0) return nullptr;
  const auto number = static_cast<std::uint32_t>(event.arg >> 32);
  const auto found = std::find_if(remove_holds_.rbegin(), remove_holds_.rend(), [&](const RemoveHold& hold) {
    return hold.lock == event.object && (number != 0 ? hold.number == number : hold.tag == event.arg2);
  });
  return found == remove_holds_.rend() ? nullptr : &*found;
}

const RemoveWait* Ledger::remove_wait(std::uint8_t thread) const {
  const auto found = std::find_if(remove_waits_.begin(), remove_waits_.end(),
                                  [&](const RemoveWait& wait) { return wait.thread == thread; });
  return found == remove_waits_.end() ? nullptr : &*found;
}

void Ledger::acquire_remove(const Event& event, std::uint32_t index) {
  if (static_cast<std::uint32_t>(event.arg) != 0) return;
  const Activation* dispatch = dispatching(event.thread);
  remove_holds_.push_back({event.object, event.arg2, static_cast<std::uint32_t>(event.arg >> 32), index,
                           dispatch != nullptr ? dispatch->event + 1 : 0});
}

void Ledger::release_remove(const Event& event, std::uint32_t index) {
  if (const RemoveHold* hold = released(event)) remove_holds_.erase(remove_holds_.begin() + (hold - remove_holds_.data()));
  if ((event.arg & 1) == 0) return;
  if (const RemoveWait* wait = remove_wait(event.thread)) remove_waits_.erase(remove_waits_.begin() + (wait - remove_waits_.data()));
  remove_waits_.push_back({event.thread, event.object, index});
}

void Ledger::apply_irp(const Event& event, std::uint32_t stamp) {
  IrpState& irp = irp_at(event.object);
  switch (event.kind) {
    case EVENT_IrpCreate: return create(irp, event, stamp);
    case EVENT_IrpMarkPending:
      // The devices below the driver mark their own stack locations.
      if (event.site != kNoSite || irp.owner != IrpOwner::below) irp.marked_pending = stamp;
      return;
    case EVENT_IrpSetCancel:
      irp.has_cancel_routine = event.arg != 0;
      if (irp.has_cancel_routine) irp.cancel_set = stamp;
      return;
    case EVENT_IrpCancel: irp.cancelled = stamp; return;
    case EVENT_IrpComplete:
      pass(irp, IrpOwner::above, stamp);
      // The kernel's own devices below the driver complete for good only when nobody above catches the IRP.
      if (event.site == kNoSite) return;
      (irp.completed == 0 ? irp.completed : irp.again) = stamp;
      irp.last_complete = stamp;
      return;
    case EVENT_IrpCompleted:
      pass(irp, IrpOwner::above, stamp);
      irp.gone = stamp;
      if (irp.completed == 0) irp.completed = stamp;
      return;
    case EVENT_IrpForward:
      pass(irp, IrpOwner::below, stamp);
      irp.forwarded = stamp;
      return;
    case EVENT_IrpQueue: irp.queued = stamp; return;
    case EVENT_IrpSetCompletion:
      if ((event.arg & (kCompletionSet | kCompletionFailed)) == kCompletionSet) irp.completion_set = stamp;
      return;
    case EVENT_IrpCaught:
      irp.back = stamp;
      irp.completed = irp.again = 0;
      return pass(irp, IrpOwner::driver, stamp);
  }
}

}  // namespace wdm
