// Structured exceptions: the run-time behind what wdmcc makes of __try (see wdm/seh.h). Compiled with `wdmcc --kernel`.

#include <ntddk.h>
#include <stddef.h>

extern "C" {

// Provided by the machine: where the current thread's (or the ISR's or DPC's nested on it) innermost frame is kept.
void **mach_seh_chain(void);
[[noreturn]] void mach_unhandled_exception(unsigned int code, unsigned long long address);
[[noreturn]] void mach_not_emulated(const char *name);

// Provided by AddressSanitizer, when there is one: forgets the red zones of the frames a jump leaves.
[[gnu::weak]] void __asan_handle_no_return(void);

[[noreturn]] void wdm_longjmp(const unsigned long long *registers);
[[noreturn]] void wdm_seh_start_finally(wdm_seh_frame *frame);
}

// The jumps. wdm_seh_unwind has no frame of its own: the __finally block it starts runs at the same stack depth and may
// overwrite everything below, so all that is needed to return lies in the exception frame.
#define SAVE_REGISTERS(offset)                                                                          \
  "mov %rbx, " #offset "+0(%rdi)\n mov %rbp, " #offset "+8(%rdi)\n mov %r12, " #offset "+16(%rdi)\n"   \
  "mov %r13, " #offset "+24(%rdi)\n mov %r14, " #offset "+32(%rdi)\n mov %r15, " #offset "+40(%rdi)\n" \
  "lea 8(%rsp), %rax\n mov %rax, " #offset "+48(%rdi)\n mov (%rsp), %rax\n mov %rax, " #offset "+56(%rdi)\n"

asm(".text\n"
    ".globl wdm_setjmp\n .type wdm_setjmp, @function\n"
    "wdm_setjmp:\n" SAVE_REGISTERS(0) "xor %eax, %eax\n ret\n"
    ".globl wdm_longjmp\n .type wdm_longjmp, @function\n"
    "wdm_longjmp:\n"
    "mov 0(%rdi), %rbx\n mov 8(%rdi), %rbp\n mov 16(%rdi), %r12\n mov 24(%rdi), %r13\n mov 32(%rdi), %r14\n"
    "mov 40(%rdi), %r15\n mov 48(%rdi), %rsp\n mov $1, %eax\n jmp *56(%rdi)\n"
    ".globl wdm_seh_unwind\n .type wdm_seh_unwind, @function\n"
    "wdm_seh_unwind:\n"
    "cmpl $1, 136(%rdi)\n jne 1f\n" SAVE_REGISTERS(64) "sub $8, %rsp\n and $-16, %rsp\n call wdm_seh_start_finally\n"
    "1: ret\n");

static_assert(offsetof(wdm_seh_frame, back) == 64 && offsetof(wdm_seh_frame, state) == 136 && WDM_SEH_ACTIVE == 1);
static_assert(sizeof(EXCEPTION_RECORD) <= sizeof(wdm_seh_frame::record));

namespace {

constexpr int kStackPointer = 6;

void pop(wdm_seh_frame *frame, wdm_seh_state state) {
  if (frame->state == WDM_SEH_ACTIVE) *mach_seh_chain() = frame->outer;
  frame->state = state;
}

EXCEPTION_RECORD *record_of(wdm_seh_frame *frame) { return reinterpret_cast<EXCEPTION_RECORD *>(frame->record); }

// Unwinds to the innermost frame with a copy of `record`.
[[noreturn]] void raise(const EXCEPTION_RECORD &record) {
  auto *frame = static_cast<wdm_seh_frame *>(*mach_seh_chain());
  if (!frame) mach_unhandled_exception(record.ExceptionCode, reinterpret_cast<ULONG_PTR>(record.ExceptionAddress));
  pop(frame, WDM_SEH_RAISED);
  frame->abnormal = 1;
  *record_of(frame) = record;
  frame->pointers[0] = frame->record;
  frame->pointers[1] = nullptr;
  if (__asan_handle_no_return) __asan_handle_no_return();
  wdm_longjmp(frame->resume);
}

}  // namespace

extern "C" {

void wdm_seh_enter(wdm_seh_frame *frame) {
  void **chain = mach_seh_chain();
  frame->outer = static_cast<wdm_seh_frame *>(*chain);
  frame->state = WDM_SEH_ACTIVE;
  frame->abnormal = 0;
  *chain = frame;
}

void wdm_seh_leave(wdm_seh_frame *frame) { pop(frame, WDM_SEH_DONE); }

void wdm_seh_complete(wdm_seh_frame *frame) { pop(frame, WDM_SEH_COMPLETE); }

// Second half of wdm_seh_unwind. A body that called alloca has moved the stack pointer; what it allocated stays alive.
void wdm_seh_start_finally(wdm_seh_frame *frame) {
  pop(frame, WDM_SEH_LEAVING);
  frame->abnormal = 1;
  frame->resume[kStackPointer] = frame->back[kStackPointer];
  wdm_longjmp(frame->resume);
}

void wdm_seh_end_finally(wdm_seh_frame *frame) {
  auto led_here = frame->state;
  frame->state = WDM_SEH_DONE;
  if (led_here == WDM_SEH_LEAVING) wdm_longjmp(frame->back);
  if (led_here == WDM_SEH_RAISED) raise(*record_of(frame));
}

int wdm_seh_filter(wdm_seh_frame *frame, int verdict) {
  if (verdict < 0) mach_not_emulated("EXCEPTION_CONTINUE_EXECUTION");
  if (verdict == 0) raise(*record_of(frame));
  return 1;
}

void wdm_seh_raise(unsigned int code, unsigned long long address, unsigned int count,
                   const unsigned long long *information) {
  EXCEPTION_RECORD record = {};
  record.ExceptionCode = static_cast<NTSTATUS>(code);
  record.ExceptionAddress = reinterpret_cast<PVOID>(address);
  record.NumberParameters = count;
  for (unsigned int i = 0; i < count && i < EXCEPTION_MAXIMUM_PARAMETERS; ++i)
    record.ExceptionInformation[i] = information[i];
  raise(record);
}

VOID NTAPI RtlRaiseStatus(NTSTATUS Status) {
  wdm_seh_raise(Status, reinterpret_cast<ULONG_PTR>(__builtin_return_address(0)), 0, nullptr);
}
VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD ExceptionRecord) { raise(*ExceptionRecord); }
}
