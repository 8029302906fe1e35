/* The seam between the kernel (emu/nt, Windows dialect) and everything native.
 *
 * This is the only file both dialects include, so it has nothing but fixed-width integers, plain pointers and
 * plain functions. `mach_*` are services of the machine, called by the kernel; `nt_*` are entry points of the
 * kernel, called by the machine and the harness. No function here may be called from a driver.
 *
 * Units: times are 100 ns of virtual time. Statuses are NTSTATUS values as uint32_t. `pc` is a code address in the
 * driver (the return address of its call of a DDI). Objects are named by small ids, given in creation order.
 */
#ifndef WDMFUZZ_EMU_MACHINE_HYPERCALL_H
#define WDMFUZZ_EMU_MACHINE_HYPERCALL_H

typedef unsigned char m_u8;
typedef unsigned short m_u16;
typedef unsigned int m_u32;
typedef unsigned long long m_u64;
typedef long long m_i64;

#ifdef __cplusplus
extern "C" {
#endif

/* ---- processors and IRQL ------------------------------------------------------------------------------------ */

m_u32 mach_cpu(void);
m_u32 mach_cpu_count(void);
m_u8 mach_irql(void);
/* Sets the IRQL of the current processor and returns the old one. Emits IrqlRaise. Judging is the rules' work:
 * a value below the current one is accepted here. */
m_u8 mach_raise_irql(m_u8 irql, const void* pc);
/* Lowers the IRQL of the current processor. Emits IrqlLower. Below DISPATCH_LEVEL the processor's DPC queue is
 * drained at once, nested on this stack, so: Yields. */
void mach_lower_irql(m_u8 irql, const void* pc);

/* ---- scheduling points -------------------------------------------------------------------------------------- */

enum { MACH_BEFORE = 0, MACH_AFTER = 1, MACH_BLOCKED = 2 /* the machine's own: it cannot go on here */ };
/* A place where any other actor may run. `ddi` is a DDI_* number of emu/nt/ddis.def, `object` the address of what
 * it works on (or null). Emits DdiEnter for MACH_BEFORE. Costs nanoseconds when nobody else can run. Yields. */
void mach_point(m_u16 ddi, m_u8 phase, const void* object, const void* pc);

/* ---- spin locks: who holds what, who spins ------------------------------------------------------------------- */

enum { MACH_LOCK_SPIN = 0, MACH_LOCK_QUEUED = 1, MACH_LOCK_CANCEL = 2, MACH_LOCK_EX_SHARED = 3,
       MACH_LOCK_EX_EXCLUSIVE = 4, MACH_LOCK_INTERRUPT = 5, MACH_LOCK_INTERNAL = 6,
       MACH_LOCK_AT_DPC = 16 /* or-ed in: the AtDpcLevel / FromDpcLevel form, IRQL not touched by the DDI */ };
/* Registers an initialised lock at `lock` (KeInitializeSpinLock). Emits LockInit. */
void mach_lock_init(void* lock, m_u32 kind, const void* pc);
/* Emits LockAttempt, spins (the processor is not schedulable) until the lock is free, takes it, emits LockAcquired
 * with `old_irql`. Queued locks are granted in order of arrival, others in the order the schedule decides. Of
 * MACH_LOCK_EX_SHARED there can be many holders; a waiting MACH_LOCK_EX_EXCLUSIVE keeps new ones out.
 * Requires: IRQL already raised. `word` in the lock's memory (64 bits, EX kinds 32) is the machine's own. Yields. */
void mach_lock_acquire(void* lock, m_u32 kind, m_u8 old_irql, const void* pc);
/* As acquire, but returns 0 at once when it would spin. */
int mach_lock_try(void* lock, m_u32 kind, m_u8 old_irql, const void* pc);
/* Emits LockRelease (with `new_irql`), then frees the lock; waiters become schedulable. */
void mach_lock_release(void* lock, m_u32 kind, m_u8 new_irql, const void* pc);
/* Turns the caller's MACH_LOCK_EX_SHARED hold into an exclusive one when it is the only holder and no writer waits: emits
 * LockAcquired with the exclusive kind. Else emits LockTryFailed and returns 0. */
int mach_lock_convert(void* lock, const void* pc);
int mach_lock_is_held(void* lock);

/* ---- threads ------------------------------------------------------------------------------------------------ */

enum { MACH_THREAD_USER = 0, MACH_THREAD_SYSTEM = 1, MACH_THREAD_WORKER = 2, MACH_THREAD_IDLE = 3 };
m_u32 mach_thread(void);
/* Makes a ready thread that will call fn(arg) at PASSIVE_LEVEL and returns its number (never 0).
 * `object` is the kernel's own thread object (ETHREAD) or null. Emits ThreadCreate. */
m_u32 mach_thread_create(void (*fn)(void*), void* arg, m_u32 kind, void* object, const void* pc);
/* From now on the thread runs on processor `cpu` only. Requires: it is not running. */
void mach_thread_bind(m_u32 thread, m_u32 cpu);
__attribute__((noreturn)) void mach_thread_exit(void);
void* mach_thread_object(m_u32 thread);
void mach_thread_set_object(m_u32 thread, void* object);
m_u32 mach_thread_kind(m_u32 thread);
/* Blocks the calling thread until mach_wake(thread) or until virtual time `due` (0: for ever).
 * Returns the `reason` given to mach_wake, or MACH_TIMED_OUT. `object` names what it waits for in reports. Yields. */
enum { MACH_TIMED_OUT = 0x102 };
m_u32 mach_block(m_u64 due, const void* object, const void* pc);
void mach_wake(m_u32 thread, m_u32 reason);
/* Lowest address of the running stack and the one just above its highest. */
void mach_stack_limits(m_u64* low, m_u64* high);
/* Is that on the stack of a thread, in a frame that has returned? */
int mach_on_dead_stack(const void* address);
/* Head of the structured-exception chain of the running activation. */
void** mach_seh_chain(void);
__attribute__((noreturn)) void mach_unhandled_exception(m_u32 code, m_u64 address);

/* ---- DPCs and timers ---------------------------------------------------------------------------------------- */

/* Puts `dpc` on the queue of processor `cpu`; nt_run_dpc(dpc) will be called there at DISPATCH_LEVEL. A processor
 * below DISPATCH_LEVEL that is the current one runs it before this returns. Yields. */
void mach_dpc_queue(m_u32 cpu, void* dpc, m_u8 at_head);
/* Takes it off again; 0 when it was not queued. */
int mach_dpc_remove(void* dpc);
/* Blocks until every DPC queued on any processor before the call has run (KeFlushQueuedDpcs). Yields. */
void mach_dpc_flush(const void* pc);
/* Arms `timer` for absolute virtual time `due`; nt_timer_expired(timer) is then called once, with no scheduling
 * point inside, on the processor `cpu`. */
void mach_timer_set(void* timer, m_u64 due, m_u32 cpu);
int mach_timer_cancel(void* timer);
m_u64 mach_time(void);

/* ---- interrupts and devices ---------------------------------------------------------------------------------- */

enum { MACH_INTERRUPT_LINES = 2 };
/* From now on a processor of the set `processors` that is below `irql` takes an interrupt on `line` by calling
 * nt_run_isr(handler) at `irql`. Null disconnects; what is asserted then is lost. */
void mach_interrupt_connect(m_u32 line, void* handler, m_u8 irql, m_u64 processors);
/* What the device answers to a read of `size` bytes (1 to 8) at an address of its port or memory space, and a write to it. */
enum { MACH_PORT_SPACE = 0, MACH_MEMORY_SPACE = 1 };
m_u64 mach_device_read(m_u32 space, m_u64 address, m_u32 size);
void mach_device_write(m_u32 space, m_u64 address, m_u64 value, m_u32 size);
/* Maps device memory; null when there is no more room. Unmapping poisons it; 0 when nothing is mapped there. */
void* mach_io_map(m_u64 physical, m_u64 size);
int mach_io_unmap(void* address);
/* Physical address behind a mapped one; 0 when it is not device memory. */
int mach_io_physical(const void* address, m_u64* physical);

/* ---- memory ------------------------------------------------------------------------------------------------- */

enum { MACH_POOL_PAGED = 1, MACH_POOL_ZERO = 2, MACH_POOL_KERNEL = 4 /* the kernel's own: no fault, no leak check;
       with tag 0 a record that no driver sees, from an arena that is given back as a whole */,
       MACH_POOL_NO_FAIL = 8 /* the schedule is not asked: this DDI call has had its choice */,
       MACH_POOL_WHOLE_PAGES = 16 /* starts at a page, however small */ };
/* AddressSanitizer heap; null when the schedule lets it fail. Emits PoolAlloc. */
void* mach_pool_alloc(m_u64 size, m_u32 tag, m_u32 flags, const void* pc);
/* Emits PoolFree. Freeing what is not a live block is left to AddressSanitizer. `tag` 0: any. */
void mach_pool_free(void* block, m_u32 tag, const void* pc);
/* Size and tag of a live block that starts at `block`; 0 when there is none. */
m_u64 mach_pool_size(const void* block);
/* Is it a live block of the driver's paged pool that starts at `block`? */
int mach_pool_is_paged(const void* block);
/* Zeroed user memory, until the end of the run; bytes around it are poisoned. */
void* mach_user_alloc(m_u64 size);
/* The same in whole pages, for a driver that maps or allocates user memory; null when there is not enough of it. */
void* mach_user_pages(m_u64 size);
/* Unmaps what mach_user_pages returned: touching it faults from here on. */
void mach_user_unmap(const void* pages);
/* Is [p, p+size) mapped user memory of this run? The arena is the range of all user addresses. */
int mach_user_mapped(const void* p, m_u64 size, int for_write);
int mach_user_address(const void* p);
/* Locks (by 1) or unlocks (by -1) the pages of [p, p+size): locked user memory cannot be unmapped, and a locked block of paged
 * pool may be touched at any IRQL. */
void mach_pages_lock(const void* p, m_u64 size, int by);
/* The kernel's address of mapped user memory (what an MDL's system mapping is): the same bytes, to be touched in any
 * context and at any IRQL. */
void* mach_user_alias(const void* p);

/* What AddressSanitizer's __asan_handle_no_return does, for the stack of the running fiber: called before a jump out of
 * frames that will not return. */
void mach_handle_no_return(void);

/* ---- trace -------------------------------------------------------------------------------------------------- */

/* Number of the object at `address`, made on first use. `kind` is an OBJECT_* of emu/trace/objects.def. */
m_u32 mach_object(m_u32 kind, const void* address);
/* The memory of the object is gone: a later object at this address is another one. */
void mach_object_gone(const void* address);
/* Appends an event (EVENT_* of emu/trace/events.def) and lets the rules judge it; does not return when one fires. */
void mach_event(m_u16 kind, m_u32 object, m_u64 arg, m_u32 arg2, const void* pc);
/* Brackets a call of driver code by the kernel: dispatch routine, DPC, cancel routine, ... `routine` is a CALLBACK_* of
 * emu/trace/callbacks.def. `arg` is what events.def says of CallbackEnter, of the leave the returned status. */
void mach_enter(m_u32 routine, const void* code, m_u32 object, m_u64 arg);
void mach_leave(m_u32 routine, m_u32 object, m_u64 arg);

/* ---- choices, outcomes -------------------------------------------------------------------------------------- */

/* A non-deterministic answer in [0, n) to a question of `kind`, CHOICE_* of emu/trace/choices.def; 0 is the ordinary
 * one. Recorded in the schedule by the DDI call it happens in, so at most one question per call. */
m_u32 mach_choose(m_u32 kind, m_u32 n);
__attribute__((noreturn)) void mach_not_emulated(const char* name);
/* Our own mistake: ends as EMU BUG. */
__attribute__((noreturn)) void mach_emu_bug(const char* what);
/* The driver or kernel called KeBugCheckEx. */
__attribute__((noreturn)) void mach_bug_check(m_u32 code, m_u64 a, m_u64 b, m_u64 c, m_u64 d, const void* pc);
/* A broken rule that is seen where it happens rather than from events (name as in rules.def). Does not return
 * when the rule is enabled. */
void mach_violation(const char* rule, const char* what, m_u32 object, const void* pc);
/* The running DDI was called at an IRQL that its arguments do not allow. The rule is the one that judges the IRQL of that
 * DDI for such an object. Otherwise as mach_violation. */
void mach_irql_violation(const char* what, m_u32 object, const void* pc);
/* Driver output: into the ring buffer shown with `replay --debug-print`. */
void mach_debug_print(const char* text, m_u32 size);

/* ---- the kernel's entry points ------------------------------------------------------------------------------- */

/* Everything back to the state of a machine that has just booted. No driver is loaded. */
void nt_reset(void);
void nt_run_dpc(void* dpc);
void nt_timer_expired(void* timer);
/* An interrupt on the line that `handler` was connected to; at the line's IRQL. */
void nt_run_isr(void* handler);

/* What driver.toml puts into the machine: registry values (a key that does not begin with \ is below the driver's service
 * key; name null: the key alone) and files, each list ended by a null key or path. They have to live as long as the run. */
struct nt_seed_value {
  const char* key;
  const char* name;
  m_u32 type; /* REG_* */
  m_u32 size;
  const void* data;
};
struct nt_seed_file {
  const char* path; /* C:\folder\name */
  const void* data;
  m_u32 size;
};
/* Requires: after nt_reset, before nt_load. */
void nt_seed(const struct nt_seed_value* values, const struct nt_seed_file* files);
/* Calls DriverEntry. Requires: PASSIVE_LEVEL, on a system thread. */
m_u32 nt_load(void* driver_entry, const char* name);
/* The hardware of the device that nt_add_device adds, in force until the next boot: bus addresses of a port and of a memory
 * range (length 0: none) and the vectors' levels of its interrupts. */
struct nt_hardware {
  m_u32 port, port_length;
  m_u64 memory;
  m_u32 memory_length;
  m_u32 interrupt_count;
  m_u8 interrupts[MACH_INTERRUPT_LINES];
};
void nt_set_hardware(const struct nt_hardware* hardware);
/* Hardware IDs that the driver is installed for: ASCII strings, ended by an empty one; null for none. The first is that of the
 * device that nt_add_device makes; devices that the driver's own bus reports are the driver's, too, when they have one. The
 * text has to live until the next call. */
void nt_set_hardware_ids(const char* ids);
/* AddDevice over a fresh physical device object, then (`start`) IRP_MN_START_DEVICE; without it requests on handle 0 reach the
 * device all the same. 0xC00000BB (NOT_SUPPORTED) when the driver has no
 * AddDevice. */
m_u32 nt_add_device(m_u8 start);
/* IRP_MN_REMOVE_DEVICE to each device, after asking. */
void nt_remove_device(void);
/* DriverUnload when there is one; emits the End* events for devices and links that are left. 0 when it cannot unload: no
 * routine, or a plug-and-play driver with a device left. */
int nt_unload(void);
/* Devices that user mode can open (named, or with an interface or a link), in creation order. */
m_u32 nt_device_count(void);
/* Major functions for which the driver has set a routine, as a bit set. */
m_u32 nt_major_functions(void);

struct nt_request {
  m_u32 op;           /* the scenario's operation id: names the IRP later on */
  m_u8 major;         /* IRP_MJ_* */
  m_u8 minor;
  m_u16 handle;       /* which open file; for a create: its new number */
  m_u32 device;       /* create: index of the device */
  m_u32 code;         /* device control */
  m_u32 in_size;      /* input buffer; for a write: its data */
  m_u32 out_size;     /* output buffer; for a read: its length */
  m_u64 offset;
  const m_u8* in;     /* in_size bytes, native memory, copied to user memory by the kernel */
  m_u8 user_pointers; /* 0 good pointers, 1 null, 2 unmapped user address, 3 kernel address (METHOD_NEITHER, and probing) */
  m_u8 cancelled;     /* Irp->Cancel already set when it arrives */
  m_u8 synchronous;   /* create: requests on this handle are sent one at a time, and their thread waits for them */
};
/* Sends one request and returns what the dispatch routine returned; the IRP may still be pending. A request on a
 * handle that is not open returns 0xC0000008 (INVALID_HANDLE) and reaches nobody. Yields. */
m_u32 nt_request(const struct nt_request* request);
/* IoCancelIrp of the IRP of operation `op` at IRQL `irql` (0 or 2). 0 when that IRP is no longer pending. Yields. */
int nt_cancel(m_u32 op, m_u8 irql);
/* NtClose: IRP_MJ_CLEANUP now, IRP_MJ_CLOSE when the last IRP of the file is done. Yields. */
void nt_close(m_u16 handle);
/* What the end of the process does: cancels every pending IRP, from when on no request is sent any more (0xC000004B,
 * THREAD_IS_TERMINATING), and closes every handle. Yields. */
void nt_cancel_all(void);
void nt_close_all(void);
m_u32 nt_pending_irps(void);
/* Emits EndIrp for every IRP that is still pending; `final` 0: after everything was cancelled, 1: after everything was
 * closed as well (EndIrp's arg bit 1). */
void nt_emit_leftovers(m_u8 final);

#ifdef __cplusplus
}
#endif
#endif
