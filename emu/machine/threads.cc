// Life of a thread: made ready, blocked, woken, finished.

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"

namespace wdm {

void Machine::start(Thread& thread, void (*entry)(void*), void* argument) {
  thread.entry = entry;
  thread.argument = argument;
  thread.fiber.prepare(&Machine::thread_main, &thread);
}

void Machine::thread_main(void* pointer) {
  Thread& thread = *static_cast<Thread*>(pointer);
  Machine& m = machine();
  m.deliver();
  thread.entry(thread.argument);
  if (thread.id == 0) m.stop();
  m.exit_thread();
}

void Machine::idle_main(void*) {
  Machine& m = machine();
  for (;;) {
    m.deliver();
    m.set_pending(DDI_None, MACH_BLOCKED, nullptr, kNoSite);
    m.schedule(false);
  }
}

void Machine::create_user_thread(unsigned number, void (*entry)(void*), void* argument, std::uint32_t order,
                                 std::uint32_t id) {
  Thread& thread = threads_[number];
  thread.kind = MACH_THREAD_USER;
  thread.cpu = static_cast<std::uint8_t>((number - 1) % cpu_count_);
  thread.order = order;
  thread.starting = true;
  thread.object = thread_object(thread, nullptr);
  pending_[number] = {};
  pending_[number].context = context_[number] = add_context(Context::Kind::operation, id);
  start(thread, entry, argument);
  set_state(thread, Thread::State::ready);
}

unsigned Machine::create_thread(void (*entry)(void*), void* argument, std::uint32_t kind, void* kernel_object,
                                const void* pc) {
  unsigned number = limits::kFirstDriverThread;
  while (number < limits::kMaxThreads && threads_[number].state != Thread::State::free &&
         !(number < thread_limit_ && thread_limit_ == limits::kMaxThreads &&
           threads_[number].state == Thread::State::finished))
    ++number;
  if (number == limits::kMaxThreads) end(Outcome::limit, "more than " + std::to_string(limits::kMaxThreads) + " threads");
  thread_limit_ = std::max(thread_limit_, number + 1);
  Thread& thread = threads_[number];
  thread.kind = static_cast<std::uint8_t>(kind);
  thread.cpu = current_->cpu;
  thread.bound = false;
  bound_mask_ &= ~(std::uint64_t{1} << number);
  thread.irql = kPassive;
  thread.depth = 0;
  thread.kernel_object = kernel_object;
  object_gone(&thread);
  thread.object = thread_object(thread, pc);
  pending_[number] = {};
  start(thread, entry, argument);
  set_state(thread, Thread::State::ready);
  event(EVENT_ThreadCreate, thread.object, kind, number, pc);
  pending_[number].context = context_[number] = add_context(Context::Kind::thread, 0);
  return number;
}

bool Machine::on_dead_stack(const void* address) const {
  for (const Thread& thread : threads_) {
    if (!thread.fiber.contains(address)) continue;
    if (&thread == current_) return address < __builtin_frame_address(0);
    const bool lives = thread.state != Thread::State::free && thread.state != Thread::State::finished;
    return !lives || address < thread.fiber.saved_stack_pointer();
  }
  return false;
}

void Machine::exit_thread() {
  Thread& self = *current_;
  event(EVENT_ThreadExit, self.object, 0, self.id, nullptr);
  leave_processor(self);
  set_state(self, Thread::State::finished);
  set_pending(DDI_None, MACH_BLOCKED, nullptr, kNoSite);
  schedule(false);
  end(Outcome::emu_bug, "a finished thread runs again");
}

std::uint32_t Machine::block(std::uint64_t due, const void* object, const void* pc) {
  Thread& self = *current_;
  const std::uint16_t ddi = pending_[self.id].ddi;
  self.waits_for = object ? objects_.find(object) : 0;
  self.wait_site = site_of(pc);
  self.wake_reason = MACH_TIMED_OUT;
  if (due) timers_.push_back({due, timer_order_++, nullptr, self.cpu, self.id});
  leave_processor(self);
  set_state(self, Thread::State::waiting);
  set_pending(ddi, MACH_BLOCKED, object, self.wait_site);
  schedule(false);
  self.waits_for = 0;
  if (due) std::erase_if(timers_, [&](const Timer& t) { return !t.timer && t.thread == self.id; });
  return self.wake_reason;
}

void Machine::wake(unsigned number, std::uint32_t reason) {
  Thread& thread = threads_[number];
  if (thread.state != Thread::State::waiting) return;
  thread.wake_reason = reason;
  set_state(thread, Thread::State::ready);
}

// A thread is shown under its actor number: T1 is the scenario's T1.
ObjectId Machine::thread_object(Thread& thread, const void* pc) {
  const ObjectId id = object(OBJECT_Thread, &thread, pc);
  trace_.objects[id].number = thread.id;
  if (thread.kernel_object) objects_.insert(thread.kernel_object, id);
  return id;
}

void Machine::begin_context(Context::Kind kind, std::uint32_t number) {
  context_[current_->id] = add_context(kind, number);
}

std::uint16_t Machine::add_context(Context::Kind kind, std::uint32_t number) {
  if (trace_.contexts.size() >= limits::kMaxContexts)
    end(Outcome::limit, "more than " + std::to_string(limits::kMaxContexts) + " operations, DPCs and threads");
  trace_.contexts.push_back({kind, number ? number : ++context_numbers_[static_cast<unsigned>(kind)]});
  steps_.push_back(0);
  return static_cast<std::uint16_t>(trace_.contexts.size() - 1);
}

bool Machine::report_stuck(bool waiting_too) {
  bool any = false;
  for (unsigned t = 0; t < thread_limit_; ++t) {
    Thread& thread = threads_[t];
    const bool spins = thread.state == Thread::State::spinning;
    // A driver's own thread that waits for work is no deadlock; one that its unload routine waits for shows there.
    const bool waits = waiting_too && thread.state == Thread::State::waiting && thread.depth > 0 &&
                       (thread.kind == MACH_THREAD_USER || thread.id == 0);
    if (!spins && !waits) continue;
    any = true;
    const Lock* const lock = thread.spins_on;
    Thread* const running = current_;
    current_ = &thread;  // the event is about that thread
    append(EVENT_Stuck, spins ? lock->object : thread.waits_for, spins ? 1 : 2,
           spins && lock->in_use() ? lock->owner + 1u : 0u, spins ? pending_[t].site : thread.wait_site);
    current_ = running;
  }
  return any;
}

}  // namespace wdm
