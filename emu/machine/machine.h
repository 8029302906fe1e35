// The emulated computer: processors with an IRQL, threads on fibers, spin locks, DPC queues, timers in virtual time, and
// the one chooser. One OS thread runs everything; only `schedule` switches.
//
// A thread below DISPATCH_LEVEL can be displaced from its processor and go on elsewhere. At DISPATCH_LEVEL and above it is
// bound to its processor until it lowers the IRQL. A thread that spins keeps its processor and is not schedulable.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emu/machine/fiber.h"
#include "emu/machine/limits.h"
#include "emu/machine/outcome.h"
#include "emu/rules/tracker.h"
#include "emu/schedule/strategy.h"
#include "emu/trace/object_table.h"
#include "emu/trace/trace.h"

namespace wdm {

inline constexpr std::uint8_t kPassive = 0, kApc = 1, kDispatch = 2;

struct Lock {
  void* address = nullptr;
  ObjectId object = 0;
  bool held = false;                    // exclusively
  std::uint8_t kind = 0;
  std::uint8_t owner = 0;               // thread; of the readers, one
  std::uint16_t readers = 0;            // how often it is held shared
  std::uint16_t writers = 0;            // threads that want it exclusively while readers may hold it: no new reader gets in
  std::vector<std::uint8_t> waiters;    // threads that spin, in order of arrival

  bool in_use() const { return held || readers > 0; }
};

struct Thread {
  enum class State : std::uint8_t { free, ready, running, spinning, waiting, finished };
  State state = State::free;
  std::uint8_t id = 0;
  std::uint8_t kind = 0;       // MACH_THREAD_*
  std::uint8_t cpu = 0;        // where it runs or spins; else where it ran last
  std::uint8_t irql = 0;       // saved while it is off its processor
  std::uint8_t depth = 0;      // nested callbacks
  bool deliver_dpcs = false;   // picked to run its processor's DPC queue first
  std::uint8_t deliver_line = 0;  // picked to take the interrupt of this line, less one, first
  bool granted = false;        // a queued lock was handed over
  bool bound = false;          // runs on `cpu` only
  bool quiet_wait = false;     // wants to run when nobody else can
  bool starting = false;       // has not reached its first operation yet
  std::uint32_t order = 0;     // user threads: index of the operation it is in or about to start
  std::uint32_t wake_reason = 0;
  ObjectId object = 0;         // its own name in the trace
  ObjectId waits_for = 0;
  std::uint32_t wait_site = kNoSite;
  Lock* spins_on = nullptr;
  bool spins_shared = false;   // as a reader
  void (*entry)(void*) = nullptr;
  void* argument = nullptr;
  void* kernel_object = nullptr;
  std::array<void*, limits::kMaxCallbackDepth> seh{};
  struct Activation {
    std::uint16_t number = 0;
    std::uint16_t callback = 0;
  };
  std::array<Activation, limits::kMaxCallbackDepth> activations{};
  Fiber fiber;
};

struct Processor {
  std::uint8_t irql = 0;
  std::uint8_t thread = 0;  // who is on it; its idle thread when nobody
  std::deque<void*> dpcs;
};

struct Timer {
  std::uint64_t due;
  std::uint64_t order;
  void* timer;           // the kernel's, or null: a wait's time-out
  std::uint8_t cpu;
  std::uint8_t thread;   // whose wait
};

struct InterruptLine {
  void* handler = nullptr;        // the kernel's; null: nobody is connected
  std::uint8_t irql = 0;
  std::uint32_t processors = 0;   // which ones it can interrupt, by bit
  std::vector<std::uint8_t> answers;  // what the registers say once it is taken
};

struct PoolBlock {
  std::uint64_t size;
  std::uint32_t tag;
  std::uint32_t flags;
  ObjectId object;
};

class Machine {
 public:
  Machine();

  // --- one run -------------------------------------------------------------------------------------------------
  // Boots with `cpus` processors and runs body(argument) as thread 0 until it returns or the run ends otherwise.
  // The result is valid until the next run.
  const RunResult& run(const DriverImage& image, unsigned cpus, Strategy& strategy, const RunOptions& options,
                void (*body)(void*), void* argument);
  // After a run that ended on a driver's fiber: continue there and trap, so that the process dies with that stack.
  [[noreturn]] void trap_on_failed_fiber();
  // Whether a finding with this summary key is to be passed over (a campaign that keeps going).
  bool (*is_known)(const Finding&) = nullptr;
  // The same for a block of pool that is freed but is none, or is one no more: then nothing is freed.
  bool (*is_known_free)(const void* address, const void* pc) = nullptr;

  // --- threads and scheduling ----------------------------------------------------------------------------------
  void point(std::uint16_t ddi, std::uint8_t phase, const void* object, const void* pc);
  // Starts a user thread as actor `number`; its first operation has index `order` and id `id`.
  void create_user_thread(unsigned number, void (*entry)(void*), void* argument, std::uint32_t order, std::uint32_t id);
  // Before a user thread starts operation `index` with id `id`: the place where operations take turns.
  void operation_boundary(std::uint32_t index, std::uint32_t id);
  unsigned create_thread(void (*entry)(void*), void* argument, std::uint32_t kind, void* object, const void* pc);
  // A thread that does not run: from now on it does so on that processor only.
  void bind(unsigned thread, unsigned cpu) {
    threads_[thread].bound = true;
    threads_[thread].cpu = static_cast<std::uint8_t>(cpu);
    bound_mask_ |= std::uint64_t{1} << thread;
  }
  [[noreturn]] void exit_thread();
  std::uint32_t block(std::uint64_t due, const void* object, const void* pc);
  void wake(unsigned thread, std::uint32_t reason);
  // The kernel's own object of that thread; both are one thing in the trace.
  void set_kernel_object(unsigned thread, void* object) {
    threads_[thread].kernel_object = object;
    objects_.insert(object, threads_[thread].object);
  }
  // Blocks the calling thread until nobody else can run (the clock aside).
  void wait_until_quiet();
  // Lets the next due timer fire. False when none is set or the limit is reached. Requires: nobody else can run.
  bool advance_clock();
  // How many timers and timed waits have been set so far; and is one that was set before the `count`-th still to come?
  std::uint64_t timers_set() const { return timer_order_; }
  bool has_timer_set_before(std::uint64_t count) const;
  // Emits Stuck for every thread that is blocked in the driver; true when one is. `waiting_too`: not only spinning ones.
  bool report_stuck(bool waiting_too);
  void begin_context(Context::Kind kind, std::uint32_t number);
  // `number` 0: the next of its kind.
  std::uint16_t add_context(Context::Kind kind, std::uint32_t number);

  // --- processors ----------------------------------------------------------------------------------------------
  std::uint8_t irql() const { return cpus_[current_->cpu].irql; }
  std::uint8_t raise_irql(std::uint8_t irql, const void* pc);
  void lower_irql(std::uint8_t irql, const void* pc);
  unsigned cpu() const { return current_->cpu; }
  unsigned cpu_count() const { return cpu_count_; }
  Thread& current() { return *current_; }
  Thread& thread(unsigned id) { return threads_[id]; }
  // Is that a place on the stack of a thread, below what the thread still uses?
  bool on_dead_stack(const void* address) const;

  // --- locks ---------------------------------------------------------------------------------------------------
  // `object_kind`: of a lock that is not known yet.
  Lock& lock_at(void* address, const void* pc = nullptr, std::uint32_t object_kind = OBJECT_Lock);
  // An executive spin lock, which has 32 bits.
  Lock& ex_lock_at(void* address, const void* pc);
  Lock& lock_of_kind(void* address, std::uint32_t kind, const void* pc);
  void lock_init(void* address, std::uint32_t kind, const void* pc);
  void lock_acquire(void* address, std::uint32_t kind, std::uint8_t old_irql, const void* pc);
  bool lock_try(void* address, std::uint32_t kind, std::uint8_t old_irql, const void* pc);
  void lock_release(void* address, std::uint32_t kind, std::uint8_t new_irql, const void* pc);
  // The caller's shared hold becomes an exclusive one; false when it is not the only reader or a writer waits.
  bool lock_convert(void* address, const void* pc);
  bool lock_is_held(void* address);
  void lock_gone(std::size_t index);

  // --- DPCs and timers -----------------------------------------------------------------------------------------
  void dpc_queue(unsigned cpu, void* dpc, bool at_head);
  bool dpc_remove(void* dpc);
  void dpc_flush(const void* pc);
  void timer_set(void* timer, std::uint64_t due, unsigned cpu);
  bool timer_cancel(void* timer);
  std::uint64_t time() const { return time_; }

  // --- interrupts and registers --------------------------------------------------------------------------------
  void interrupt_connect(unsigned line, void* handler, std::uint8_t irql, std::uint64_t processors);
  // The device asserts `line`, and its registers answer `answers` from the moment a processor takes it. Where nobody is
  // connected the answers count at once. False when the line does not exist or nobody is connected.
  bool interrupt_assert(unsigned line, const std::uint8_t* answers, std::size_t size);
  // What ports and registers answer next.
  void device_answers(const std::uint8_t* answers, std::size_t size);
  std::uint64_t device_read(std::uint64_t address, unsigned size);
  void device_write(std::uint64_t address, std::uint64_t value, unsigned size);
  void* io_map(std::uint64_t physical, std::uint64_t size);
  bool io_unmap(void* address);
  // Physical address of mapped device memory; false when it is none.
  bool io_physical(const void* address, std::uint64_t& physical) const;

  // --- memory --------------------------------------------------------------------------------------------------
  void* pool_alloc(std::uint64_t size, std::uint32_t tag, std::uint32_t flags, const void* pc);
  void pool_free(void* block, std::uint32_t tag, const void* pc);
  std::uint64_t pool_size(const void* block) const;
  bool pool_is_paged(const void* block) const;
  void* user_alloc(std::uint64_t size);
  // Page-aligned memory that the driver has mapped for user mode: no operation's. Null when there is none left.
  void* user_pages(std::uint64_t size);
  // Unmaps it: touching it faults. Requires: what user_pages returned.
  void user_unmap(const void* pages);
  // Each buffer on pages of its own from now on, so that it can be unmapped.
  void use_user_pages() { user_pages_ = true; }
  // User mode changes bytes of the first buffer that operation `op` passed, from `offset` on, as far as they are there.
  void user_rewrite(std::uint32_t op, std::uint64_t offset, const std::uint8_t* bytes, std::size_t size);
  // User mode unmaps the buffers of operation `op` that are not locked: touching them faults. Requires use_user_pages.
  void user_unmap(std::uint32_t op);
  void pages_lock(const void* p, std::uint64_t size, int by);
  // Is paged pool out of reach, because the running processor is at DISPATCH_LEVEL or above? Also before there is a machine.
  static bool hides_paged_pool() { return paged_hidden_; }
  // Is this address in a block of paged pool that is out of reach?
  bool is_hidden(const void* address) const;
  void* arena_alloc(std::uint64_t size);
  bool user_mapped(const void* p, std::uint64_t size) const;
  bool user_address(const void* p) const;
  // After unload: emits EndDpc, EndTimer, EndThread and EndPool for what is left of the driver.
  void report_leftovers();

  // --- record --------------------------------------------------------------------------------------------------
  ObjectId thread_object(Thread& thread, const void* pc);
  ObjectId object(std::uint32_t kind, const void* address, const void* pc = nullptr);
  void object_gone(const void* address);
  void event(std::uint16_t kind, ObjectId object, std::uint64_t arg, std::uint32_t arg2, const void* pc);
  void enter(std::uint32_t callback, ObjectId object, std::uint64_t arg, const void* code);
  void leave(std::uint32_t callback, ObjectId object, std::uint64_t arg);
  void violation(const char* rule, const char* what, ObjectId object, const void* pc);
  void violation(RuleId rule, const char* what, ObjectId object, const void* pc);
  // The rule is the one that judges the IRQL of the running DDI.
  void irql_violation(const char* what, ObjectId object, const void* pc);
  std::uint32_t choose(std::uint32_t kind, std::uint32_t n);
  void debug_print(const char* text, std::uint32_t size);
  const std::string& debug_output() const { return debug_output_; }

  [[noreturn]] void end(Outcome outcome, std::string message);
  [[noreturn]] void end(const Finding& finding);

  const Trace& trace() const { return trace_; }
  // What the run has decided so far; also valid from a crash handler.
  std::vector<Directive> decisions() const;
  Tracker& tracker() { return tracker_; }
  // Hashes of (step left, step resumed) for each switch between threads: interleaving coverage.
  const std::vector<std::uint32_t>& switch_features() const { return features_; }
  bool running() const { return running_; }
  // Could another run of the same schedule have gone otherwise?
  bool had_choice() const { return had_choice_; }

 private:
  std::uint32_t site_of(const void* pc) const {
    const auto offset = reinterpret_cast<std::uintptr_t>(pc) - text_begin_;
    return offset < text_size_ ? static_cast<std::uint32_t>(offset) : kNoSite;
  }
  // Nobody but the running thread can run: the common case, in a few instructions.
  bool alone() const {
    return ready_mask_ == 0 && (running_mask_ & (running_mask_ - 1)) == 0 && dpc_cpus_ == 0 && asserted_lines_ == 0 &&
           timers_.empty();
  }
  // Who can run; the members that begin something (see PointView) go to `interrupts`.
  std::uint64_t enabled_mask(bool can_continue, std::uint64_t& interrupts) const;
  void set_state(Thread& thread, Thread::State state);
  Lock& add_lock(void* address, std::uint32_t object_kind, const void* pc, std::uint32_t& index);
  void spin(Lock& lock, bool shared, void* address, const void* pc);
  void wake_spinning(Lock& lock);
  std::uint64_t placeable(std::uint64_t ready) const;
  unsigned fallback(std::uint64_t enabled, bool can_continue, bool boundary) const;
  void schedule(bool can_continue, bool boundary = false);
  void set_pending(std::uint16_t ddi, std::uint8_t phase, const void* object, std::uint32_t site);
  void switch_to(Thread& next);
  void place(Thread& thread);
  unsigned processor_for(const Thread& thread) const;
  void leave_processor(Thread& thread);
  void set_irql(unsigned cpu, std::uint8_t irql);
  void set_thread(unsigned cpu, std::uint8_t thread);
  void note_dpcs(unsigned cpu);
  // Below DISPATCH_LEVEL with an empty queue: what was queued before has run.
  bool is_drained(unsigned cpu) const;
  void note_drained(unsigned cpu);
  void fire_timer();
  void drain_dpcs();
  void deliver();
  void deliver_pending();
  std::uint64_t interrupt_actors() const;
  unsigned interrupt_processor(unsigned actor) const;
  bool takes_interrupt(unsigned cpu, const InterruptLine& line) const;
  void take_interrupt(unsigned line);
  void reset_devices();
  void append(std::uint16_t kind, ObjectId object, std::uint64_t arg, std::uint32_t arg2, std::uint32_t site);
  void judge(std::uint32_t event);
  void capture_stack();
  [[noreturn]] void stop();
  void decide(Directive::Kind kind, unsigned answer);
  void reset(const DriverImage& image, unsigned cpus, Strategy& strategy, const RunOptions& options);
  void release_memory();
  void start(Thread& thread, void (*entry)(void*), void* argument);
  void sync_paging();
  void hide_paged_pool(bool hide);
  static void thread_main(void* thread);
  static void idle_main(void* thread);

  std::array<Thread, limits::kFirstIdle + limits::kMaxCpus> threads_;
  std::array<Processor, limits::kMaxCpus> cpus_;
  std::array<Pending, kNoActor> pending_{};
  std::array<std::uint16_t, kNoActor> context_{};  // current context by thread
  Thread* current_ = nullptr;
  Fiber main_;
  Fiber* failed_ = nullptr;
  unsigned cpu_count_ = 1;
  unsigned thread_limit_ = 0;      // thread numbers below it have been used
  std::uint64_t running_mask_ = 0;  // by thread: on a processor and not spinning
  std::uint64_t ready_mask_ = 0;
  std::uint64_t quiet_mask_ = 0;
  std::uint64_t bound_mask_ = 0;    // see Thread::bound
  bool in_clock_ = false;
  // By processor.
  std::uint32_t below_dispatch_ = 0;
  std::uint32_t idle_cpus_ = 0;     // nobody is on it but its idle thread
  std::uint32_t dpc_cpus_ = 0;      // its DPC queue is not empty
  struct FlushWait {
    unsigned thread;
    std::uint32_t behind;  // processors that have not been drained since
  };
  std::vector<FlushWait> flush_waits_;
  bool running_ = false;
  bool had_choice_ = false;
  bool trap_ = false;

  Strategy* strategy_ = nullptr;
  RunOptions options_;
  std::array<InterruptLine, kInterruptLines> lines_;
  std::uint32_t asserted_lines_ = 0;  // by line
  std::vector<std::uint8_t> answers_;  // what the registers will say next, from answers_at_ on
  std::size_t answers_at_ = 0;
  struct Register {
    std::uint64_t address;
    std::uint64_t written;
    std::uint32_t reads;
    bool was_written;
  };
  std::vector<Register> registers_;  // those that were touched
  struct IoMapping {
    char* address;
    std::uint64_t physical;
    std::uint64_t size;
  };
  std::vector<IoMapping> io_mappings_;
  char* register_arena_ = nullptr;
  std::uint64_t registers_used_ = 0;
  std::vector<Timer> timers_;
  std::uint64_t timer_order_ = 0;
  unsigned chosen_fires_ = 0, idle_fires_ = 0;
  std::uint64_t time_ = 0;

  std::deque<Lock> locks_;
  std::size_t lock_count_ = 0;
  std::vector<std::uint32_t> dead_locks_;  // entries below lock_count_ whose memory is gone

  Tracker tracker_;
  Trace trace_;
  ObjectTable objects_;
  struct LiveObject {
    const void* address;
    ObjectId id;
  };
  std::vector<LiveObject> live_objects_;        // those whose memory is there, in no order
  std::vector<std::uint32_t> live_positions_;   // by object number: where it is in that list
  std::array<std::uint32_t, OBJECT_COUNT> object_numbers_{};
  std::vector<std::uint16_t> steps_;      // by context
  std::vector<std::uint32_t> point_log_;  // see PointView::log
  std::vector<Directive> decisions_;
  std::vector<std::uint32_t> decision_points_;  // where in the log each decision was made
  std::array<std::uint32_t, 8> context_numbers_{};
  std::uint16_t activations_ = 0;
  RunResult result_;
  std::vector<std::uint32_t> features_;
  std::string debug_output_;

  struct Block {
    void* address;
    PoolBlock block;
  };
  std::vector<Block> blocks_;
  std::uint64_t pool_used_ = 0;
  std::uint64_t user_used_ = 0;
  struct Pages {
    char* address;
    std::uint64_t size;
    std::uint32_t op;  // user memory: whose
    int locks;
    bool unmapped;
  };
  static void unmap(Pages& pages);
  std::vector<Pages> user_buffers_;
  std::vector<Pages> paged_blocks_;  // of the driver
  bool user_pages_ = false;
  static inline bool paged_hidden_ = false;
  char* user_arena_ = nullptr;
  char* kernel_arena_ = nullptr;
  std::uint64_t kernel_used_ = 0;

  std::uintptr_t text_begin_ = 0;
  std::uintptr_t text_size_ = 0;
};

// Installs the signal handlers of user_fault.cc, once.
void catch_user_faults();

extern Machine& the_machine;
inline Machine& machine() { return the_machine; }

}  // namespace wdm
