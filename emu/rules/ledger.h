// What every rule needs to know and none should keep twice: which locks are held by whom, and how far each IRP is.
// A pure function of the events so far; the tracker updates it after the rules have seen an event.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "emu/trace/trace.h"

namespace wdm {

// Locks of the kernel itself (MACH_LOCK_INTERNAL) are never in the ledger.
struct HeldLock {
  ObjectId lock;
  std::uint32_t kind;        // MACH_LOCK_*, with MACH_LOCK_AT_DPC
  std::uint32_t event;       // index of LockAcquired
  std::uint16_t activation;  // in which callback it was taken; cancel-safe queue callbacks count as their caller
  std::uint8_t thread;
  std::uint8_t cpu;
  std::uint8_t old_irql;     // what its release owes: moves to another lock when nested locks are released crosswise
};

// A lock that a thread waits for: mutex, fast mutex, resource, push lock.
struct OwnedLock {
  ObjectId object;
  std::uint32_t event;  // index of Own
  std::uint8_t thread;
  bool shared;
};

// A call of driver code that has not returned.
struct Activation {
  std::uint32_t event;      // index of its CallbackEnter
  std::uint32_t callback;   // CALLBACK_*
  ObjectId object;
  std::uint16_t number;     // Event::activation
  std::uint8_t return_irql; // at which it has to return
};

// An acquisition of a remove lock that has not been released.
struct RemoveHold {
  ObjectId lock;
  ObjectId tag;              // the IRP that is the tag, 0 another pointer
  std::uint32_t number;      // in bits 32.. of the events, 0 unknown
  std::uint32_t event;       // index of RemoveAcquire
  std::uint32_t dispatched;  // index + 1 of the entry of the dispatch routine that acquired it; 0: another routine
};

// A thread that is, or was last, in IoReleaseRemoveLockAndWait.
struct RemoveWait {
  std::uint8_t thread;
  ObjectId lock;
  std::uint32_t event;  // index of RemoveRelease
};

// Who may touch an IRP: the driver in whose hands it is, whoever it was passed down to, or those above once it is completed
// (and before it was given to the driver).
enum class IrpOwner : std::uint8_t { above, driver, below };

// Event indices are plus 1; 0 is never.
struct IrpState {
  std::uint32_t created = 0, cancelled = 0, forwarded = 0, cancel_set = 0;
  std::uint32_t marked_pending = 0;  // by the driver or for it, not by the kernel's devices below it
  std::uint32_t dispatched = 0;      // last time one of the driver's dispatch routines got it
  std::uint32_t completion_set = 0;  // a completion routine
  std::uint32_t back = 0;            // who passed it down has it again: the start of the completion routine that took it back
  std::uint32_t owned = 0;           // since when it has its owner
  IrpOwner owner = IrpOwner::above;
  std::uint16_t origin = 0;          // the DDI by which the driver made it, DDI_None: it is no IRP of the driver's own
  ObjectId signals = 0;              // the event that its completion sets
  std::uint32_t queued = 0;
  std::uint32_t completed = 0;    // by the driver, and not taken back since
  std::uint32_t last_complete = 0;  // the last time by the driver, taken back or not
  std::uint32_t again = 0;        // a second time, while a completion routine runs that may still take the first one back
  std::uint32_t gone = 0;         // went all the way up
  std::uint32_t completing = 0;   // completion routines that run now
  bool has_cancel_routine = false;
};

class Ledger {
 public:
  // Bit set of the EVENT_* kinds that change it.
  static constexpr std::uint64_t interests() {
    std::uint64_t kinds = 0;
    for (const std::uint16_t kind :
         {EVENT_CallbackEnter, EVENT_CallbackLeave, EVENT_ThreadExit, EVENT_LockAcquired, EVENT_LockRelease, EVENT_LockFreed,
          EVENT_Own, EVENT_Disown, EVENT_IrpCreate, EVENT_IrpMarkPending, EVENT_IrpSetCancel, EVENT_IrpCancel, EVENT_IrpComplete,
          EVENT_IrpCompleted, EVENT_IrpForward, EVENT_IrpQueue, EVENT_RemoveAcquire, EVENT_RemoveRelease,
           EVENT_IrpSetCompletion, EVENT_IrpCaught})
      kinds |= std::uint64_t{1} << kind;
    return kinds;
  }
  void reset();
  void apply(const Trace& trace, std::uint32_t index);

  // All locks held now, oldest first.
  std::span<const HeldLock> held() const { return held_; }
  // The oldest holder of a lock, null when it is free.
  const HeldLock* find(ObjectId lock) const;
  // That lock as last acquired by that thread, null when it does not hold it.
  const HeldLock* find(ObjectId lock, std::uint8_t thread) const;
  // Locks that threads wait for and own now, oldest first.
  std::span<const OwnedLock> owned() const { return owned_; }
  // The oldest owner of such a lock, null when it is free.
  const OwnedLock* find_owner(ObjectId object) const;
  // Null when that thread does not own it.
  const OwnedLock* find_owner(ObjectId object, std::uint8_t thread) const;
  // Calls of driver code on that thread, outermost first.
  std::span<const Activation> activations(std::uint8_t thread) const { return activations_[thread]; }
  // Was the lock taken by the code that a DPC or ISR now running on the same thread has interrupted?
  bool interrupted(const HeldLock& held) const { return interrupted(held.thread, held.event); }
  bool interrupted(const OwnedLock& owned) const { return interrupted(owned.thread, owned.event); }
  const IrpState& irp(ObjectId irp) const;
  // Remove locks held now, oldest first.
  std::span<const RemoveHold> remove_holds() const { return remove_holds_; }
  // The acquisition that this RemoveRelease event gives back, null when there is none.
  const RemoveHold* released(const Event& event) const;
  // The last call of IoReleaseRemoveLockAndWait on that thread, null when there was none.
  const RemoveWait* remove_wait(std::uint8_t thread) const;
  // The dispatch routine that is the innermost driver routine on that thread, null when that is another one; cancel-safe
  // queue callbacks count as their caller.
  const Activation* dispatching(std::uint8_t thread) const;

 private:
  bool interrupted(std::uint8_t thread, std::uint32_t event) const;
  void enter(const Event& event, std::uint32_t index);
  void leave(const Event& event, std::uint32_t index);
  void acquire(const Event& event, std::uint32_t index);
  void release(const Event& event);
  void pass_on_irql(const HeldLock& released, const Event& event);
  void apply_irp(const Event& event, std::uint32_t stamp);
  void acquire_remove(const Event& event, std::uint32_t index);
  void release_remove(const Event& event, std::uint32_t index);
  IrpState& irp_at(ObjectId irp);

  std::vector<HeldLock> held_;
  std::vector<OwnedLock> owned_;
  std::vector<RemoveHold> remove_holds_;
  std::vector<RemoveWait> remove_waits_;
  std::array<std::vector<Activation>, 256> activations_;  // by thread
  std::uint32_t threads_ = 0;                             // how many of them have been used since reset
  std::vector<IrpState> irps_;                            // by object id
};

}  // namespace wdm
