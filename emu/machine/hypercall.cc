// The seam, seen from the machine: each service is one line.

#include "emu/machine/hypercall.h"

#include <fmt/format.h>

#include "emu/machine/machine.h"
#include "emu/machine/sanitizer.h"

using wdm::machine;
using wdm::Outcome;

namespace {

// The value of a small argument. Callers of the Windows dialect leave the rest of its register undefined, as their calling
// convention says; this side's convention, and hence the compiler, takes it for zero.
template <class Small>
Small clean(Small value) {
  asm("" : "+q"(value));
  return value;
}

}  // namespace

extern "C" {

m_u32 mach_cpu(void) { return machine().cpu(); }
m_u32 mach_cpu_count(void) { return machine().cpu_count(); }
m_u8 mach_irql(void) { return machine().irql(); }
m_u8 mach_raise_irql(m_u8 irql, const void* pc) { return machine().raise_irql(clean(irql), pc); }
void mach_lower_irql(m_u8 irql, const void* pc) { machine().lower_irql(clean(irql), pc); }

void mach_interrupt_connect(m_u32 line, void* handler, m_u8 irql, m_u64 processors) {
  machine().interrupt_connect(line, handler, clean(irql), processors);
}
m_u64 mach_device_read(m_u32 space, m_u64 address, m_u32 size) {
  return machine().device_read(address ^ m_u64{space} << 63, size);
}
void mach_device_write(m_u32 space, m_u64 address, m_u64 value, m_u32 size) {
  machine().device_write(address ^ m_u64{space} << 63, value, size);
}
void* mach_io_map(m_u64 physical, m_u64 size) { return machine().io_map(physical, size); }
int mach_io_unmap(void* address) { return machine().io_unmap(address); }
int mach_io_physical(const void* address, m_u64* physical) {
  std::uint64_t found;
  if (!machine().io_physical(address, found)) return 0;
  *physical = found;
  return 1;
}

void mach_point(m_u16 ddi, m_u8 phase, const void* object, const void* pc) {
  machine().point(clean(ddi), clean(phase), object, pc);
}

void mach_lock_init(void* lock, m_u32 kind, const void* pc) { machine().lock_init(lock, kind, pc); }
void mach_lock_acquire(void* lock, m_u32 kind, m_u8 old_irql, const void* pc) {
  machine().lock_acquire(lock, kind, clean(old_irql), pc);
}
int mach_lock_try(void* lock, m_u32 kind, m_u8 old_irql, const void* pc) {
  return machine().lock_try(lock, kind, clean(old_irql), pc);
}
void mach_lock_release(void* lock, m_u32 kind, m_u8 new_irql, const void* pc) {
  machine().lock_release(lock, kind, clean(new_irql), pc);
}
int mach_lock_convert(void* lock, const void* pc) { return machine().lock_convert(lock, pc); }
int mach_lock_is_held(void* lock) { return machine().lock_is_held(lock); }

void mach_stack_limits(m_u64* low, m_u64* high) {
  *low = reinterpret_cast<m_u64>(machine().current().fiber.stack_bottom());
  *high = reinterpret_cast<m_u64>(machine().current().fiber.stack_top());
}
int mach_on_dead_stack(const void* address) { return machine().on_dead_stack(address); }
m_u32 mach_thread(void) { return machine().current().id; }
void mach_thread_bind(m_u32 thread, m_u32 cpu) { machine().bind(thread, cpu); }
m_u32 mach_thread_create(void (*fn)(void*), void* arg, m_u32 kind, void* object, const void* pc) {
  return machine().create_thread(fn, arg, kind, object, pc);
}
void mach_thread_exit(void) { machine().exit_thread(); }
void* mach_thread_object(m_u32 thread) { return machine().thread(thread).kernel_object; }
void mach_thread_set_object(m_u32 thread, void* object) { machine().set_kernel_object(thread, object); }
m_u32 mach_thread_kind(m_u32 thread) { return machine().thread(thread).kind; }
m_u32 mach_block(m_u64 due, const void* object, const void* pc) { return machine().block(due, object, pc); }
void mach_wake(m_u32 thread, m_u32 reason) { machine().wake(thread, reason); }
void** mach_seh_chain(void) { return &machine().current().seh[machine().current().depth]; }
void mach_unhandled_exception(m_u32 code, m_u64 address) {
  mach_bug_check(0x1E, code, address, 0, 0, nullptr);  // KMODE_EXCEPTION_NOT_HANDLED
}

void mach_dpc_queue(m_u32 cpu, void* dpc, m_u8 at_head) { machine().dpc_queue(cpu, dpc, clean(at_head)); }
int mach_dpc_remove(void* dpc) { return machine().dpc_remove(dpc); }
void mach_dpc_flush(const void* pc) { machine().dpc_flush(pc); }
void mach_timer_set(void* timer, m_u64 due, m_u32 cpu) { machine().timer_set(timer, due, cpu); }
int mach_timer_cancel(void* timer) { return machine().timer_cancel(timer); }
m_u64 mach_time(void) { return machine().time(); }

void* mach_pool_alloc(m_u64 size, m_u32 tag, m_u32 flags, const void* pc) {
  return machine().pool_alloc(size, tag, flags, pc);
}
void mach_pool_free(void* block, m_u32 tag, const void* pc) { machine().pool_free(block, tag, pc); }
m_u64 mach_pool_size(const void* block) { return machine().pool_size(block); }
int mach_pool_is_paged(const void* block) { return machine().pool_is_paged(block); }
void* mach_user_alloc(m_u64 size) { return machine().user_alloc(size); }
void* mach_user_pages(m_u64 size) { return machine().user_pages(size); }
void mach_user_unmap(const void* pages) { machine().user_unmap(pages); }
void mach_pages_lock(const void* p, m_u64 size, int by) { machine().pages_lock(p, size, by); }
void* mach_user_alias(const void* p) { return const_cast<void*>(p); }
int mach_user_mapped(const void* p, m_u64 size, int) { return machine().user_mapped(p, size); }
int mach_user_address(const void* p) { return machine().user_address(p); }

void mach_handle_no_return(void) {
  const wdm::Fiber& fiber = machine().current().fiber;
  const auto* const here = static_cast<const char*>(__builtin_frame_address(0));
  if (fiber.contains(here))
    wdm::unpoison(here, static_cast<std::size_t>(fiber.stack_top() - here));
  else if (__asan_handle_no_return)
    __asan_handle_no_return();
}

m_u32 mach_object(m_u32 kind, const void* address) { return machine().object(kind, address); }
void mach_object_gone(const void* address) { machine().object_gone(address); }
void mach_event(m_u16 kind, m_u32 object, m_u64 arg, m_u32 arg2, const void* pc) {
  machine().event(clean(kind), object, arg, arg2, pc);
}
void mach_enter(m_u32 routine, const void* code, m_u32 object, m_u64 arg) { machine().enter(routine, object, arg, code); }
void mach_leave(m_u32 routine, m_u32 object, m_u64 arg) { machine().leave(routine, object, arg); }

m_u32 mach_choose(m_u32 kind, m_u32 n) { return machine().choose(kind, n); }
void mach_not_emulated(const char* name) { machine().end(Outcome::not_emulated, name); }
void mach_emu_bug(const char* what) { machine().end(Outcome::emu_bug, what); }
void mach_bug_check(m_u32 code, m_u64 a, m_u64 b, m_u64 c, m_u64 d, const void* pc) {
  // Parameters that are addresses differ from process to process, so they are not shown.
  const auto shown = [](m_u64 v) { return v >> 32 ? std::string("...") : fmt::format("{:#x}", v); };
  const auto text = fmt::format("bug check {:#X} ({}, {}, {}, {})", code, shown(a), shown(b), shown(c), shown(d));
  machine().violation("BugCheck", text.c_str(), 0, pc);
  // A bug check that is known already still ends the run; there is nothing to go on with.
  machine().end(machine().is_known ? Outcome::clean : Outcome::driver_bug, text);
}
void mach_violation(const char* rule, const char* what, m_u32 object, const void* pc) {
  machine().violation(rule, what, object, pc);
}
void mach_irql_violation(const char* what, m_u32 object, const void* pc) { machine().irql_violation(what, object, pc); }
void mach_debug_print(const char* text, m_u32 size) { machine().debug_print(text, size); }

}  // extern "C"
