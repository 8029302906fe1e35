// Writes a trace by hand, as the machine would: IRQLs, nesting and activations are kept for you.
//
//   EventList run;
//   const ObjectId lock = run.lock();
//   run.enter(CALLBACK_Dispatch).acquire(lock).acquire(lock);
//   EXPECT_EQ(run.fired(), names{"SpinLock"});
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include "emu/machine/hypercall.h"
#include "emu/rules/tracker.h"
#include "emu/trace/trace.h"

namespace wdm {

using names = std::vector<std::string>;

inline constexpr std::uint32_t kAtDpc = MACH_LOCK_AT_DPC;
inline constexpr std::uint64_t kPendingStatus = 0x103;
inline constexpr std::uint64_t kMoreProcessing = 0xC0000016;

class EventList {
 public:
  EventList() {
    trace.objects.push_back({});
    trace.contexts.push_back({Context::Kind::operation, 1});
  }

  Trace trace;

  // Makes an object of that kind.
  ObjectId object(std::uint32_t kind) {
    trace.objects.push_back({kind, ++numbers_[kind], kNoSite, next()});
    return static_cast<ObjectId>(trace.objects.size() - 1);
  }
  // An initialised lock.
  ObjectId lock() {
    const ObjectId lock = raw_lock();
    add(EVENT_LockInit, lock);
    return lock;
  }
  ObjectId raw_lock() { return object(OBJECT_Lock); }
  // An IRP that has just been made.
  ObjectId irp() {
    const ObjectId irp = object(OBJECT_Irp);
    outside([&] { add(EVENT_IrpCreate, irp); });
    return irp;
  }

  std::uint32_t next() const { return static_cast<std::uint32_t>(trace.events.size()); }
  std::uint32_t last() const { return next() - 1; }

  // All that follows happens on that thread. It runs on the processor of the same number unless one is given.
  EventList& thread(std::uint8_t thread) { return this->thread(thread, thread); }
  EventList& thread(std::uint8_t thread, std::uint8_t cpu) {
    thread_ = thread;
    cpu_ = cpu;
    return *this;
  }
  // Sets the IRQL without an event.
  EventList& at(std::uint8_t irql) {
    irqls_[cpu_] = irql;
    return *this;
  }

  EventList& add(std::uint16_t kind, ObjectId object = 0, std::uint64_t arg = 0, std::uint32_t arg2 = 0) {
    const auto& stack = activations_[thread_];
    trace.events.push_back({kind, ddi_, 0, cpu_, thread_, irqls_[cpu_], static_cast<std::uint8_t>(stack.size()),
                            stack.empty() ? std::uint16_t{0} : stack.back(), object, arg2,
                            outside_ ? kNoSite : 0x100 + next(), arg});
    return *this;
  }
  // Events of the kernel, without a place in the driver.
  template <class Body>
  EventList& outside(Body body) {
    outside_ = true;
    body();
    outside_ = false;
    return *this;
  }

  EventList& enter(std::uint32_t callback, ObjectId object = 0) {
    activations_[thread_].push_back(++activation_);
    return add(EVENT_CallbackEnter, object, 0, callback);
  }
  // A dispatch routine with what it is called for; `power` as in DispatchCall. Ends with leave(CALLBACK_Dispatch, irp, status).
  EventList& dispatch(ObjectId irp, std::uint8_t major, std::uint8_t minor = 0, ObjectId device = 0, std::uint8_t power = 0) {
    activations_[thread_].push_back(++activation_);
    const std::uint64_t call = major | std::uint64_t{minor} << 8 | std::uint64_t{power} << 16 | std::uint64_t{device} << 32;
    return add(EVENT_CallbackEnter, irp, call, CALLBACK_Dispatch);
  }
  // IoCallDriver up to the receiver's dispatch routine; `how` or-s kWithCompletion and kWithCancel.
  static constexpr std::uint64_t kWithCompletion = 1 << 16, kWithCancel = 1 << 17;
  EventList& forward(ObjectId irp, std::uint8_t major = 3, std::uint8_t minor = 0, std::uint64_t how = 0, ObjectId device = 0) {
    return add(EVENT_IrpForward, irp, major | std::uint64_t{minor} << 8 | how, device);
  }
  // IoCallDriver returns.
  EventList& forwarded(ObjectId irp, std::uint64_t status = 0, ObjectId device = 0) {
    return add(EVENT_IrpForwarded, irp, status, device);
  }
  // IoAcquireRemoveLock and IoReleaseRemoveLock with that IRP as tag.
  EventList& acquire_remove(ObjectId lock, ObjectId irp, std::uint64_t status = 0) {
    return add(EVENT_RemoveAcquire, lock, status, irp);
  }
  EventList& release_remove(ObjectId lock, ObjectId irp, bool waits = false) {
    return add(EVENT_RemoveRelease, lock, waits ? 1 : 0, irp);
  }
  // IoCompleteRequest.
  EventList& complete(ObjectId irp, std::uint64_t status = 0) { return add(EVENT_IrpComplete, irp, status); }
  EventList& leave(std::uint32_t callback, ObjectId object = 0, std::uint64_t status = 0) {
    outside([&] { add(EVENT_CallbackLeave, object, status, callback); });
    if (!activations_[thread_].empty()) activations_[thread_].pop_back();
    return *this;
  }

  EventList& raise(std::uint8_t irql) {
    const std::uint8_t old = irqls_[cpu_];
    irqls_[cpu_] = irql;
    return add(EVENT_IrqlRaise, 0, irql, old);
  }
  EventList& lower(std::uint8_t irql) {
    const std::uint8_t old = irqls_[cpu_];
    irqls_[cpu_] = irql;
    return add(EVENT_IrqlLower, 0, irql, old);
  }

  // Raises to DISPATCH_LEVEL unless it is an AtDpcLevel form, and asks for the lock.
  EventList& attempt(ObjectId lock, std::uint32_t kind = MACH_LOCK_SPIN) {
    old_irql_ = irqls_[cpu_];
    if ((kind & kAtDpc) == 0) raise(2);
    return add(EVENT_LockAttempt, lock, old_irql_, kind);
  }
  EventList& acquire(ObjectId lock, std::uint32_t kind = MACH_LOCK_SPIN) {
    attempt(lock, kind);
    return add(EVENT_LockAcquired, lock, old_irql_, kind);
  }
  // A try form that got the lock.
  EventList& tried(ObjectId lock, std::uint32_t kind = MACH_LOCK_SPIN | kAtDpc) {
    return add(EVENT_LockAcquired, lock, irqls_[cpu_], kind);
  }
  EventList& release(ObjectId lock, std::uint8_t irql = 0, std::uint32_t kind = MACH_LOCK_SPIN) {
    add(EVENT_LockRelease, lock, irql, kind);
    return (kind & kAtDpc) != 0 ? *this : lower(irql);
  }

  // The driver calls a DDI; the number of its name.
  EventList& call(std::uint16_t ddi, ObjectId object = 0) {
    ddi_ = ddi;
    add(EVENT_DdiEnter, object);
    ddi_ = DDI_None;
    return *this;
  }
  // What follows happens inside that DDI.
  EventList& inside(std::uint16_t ddi) {
    ddi_ = ddi;
    return *this;
  }

  // Names of what fires, in order.
  names fired(std::initializer_list<const char*> disabled = {}) const {
    names result;
    for (const Finding& finding : findings(disabled)) result.emplace_back(rule_info(finding.rule).name);
    return result;
  }
  // The same with these rules enabled, which are advice.
  names advised(std::initializer_list<const char*> enabled) const {
    Tracker tracker;
    for (const char* rule : enabled) tracker.enable(rule, true);
    names result;
    for (const Finding& finding : tracker.judge(trace)) result.emplace_back(rule_info(finding.rule).name);
    return result;
  }
  std::vector<Finding> findings(std::initializer_list<const char*> disabled = {}) const {
    static Tracker tracker;  // making one takes longer than judging a short list
    for (const char* rule : disabled) tracker.enable(rule, false);
    std::vector<Finding> all = tracker.judge(trace);
    for (const char* rule : disabled) tracker.enable(rule, true);
    return all;
  }
  // The only finding; fails otherwise.
  Finding finding() const {
    const std::vector<Finding> all = findings();
    return all.size() == 1 ? all.front() : Finding{RuleId{}, std::to_string(all.size()) + " findings", 0, {}};
  }

 private:
  std::array<std::uint32_t, OBJECT_COUNT> numbers_{};
  std::array<std::vector<std::uint16_t>, 8> activations_;
  std::array<std::uint8_t, 8> irqls_{};
  std::uint16_t activation_ = 0;
  std::uint16_t ddi_ = DDI_None;
  std::uint8_t thread_ = 1;
  std::uint8_t cpu_ = 1;
  std::uint8_t old_irql_ = 0;
  bool outside_ = false;
};

}  // namespace wdm
