/* Debug output, assertions, break points, bug checks. There is no debugger: a break point stops Windows. */
#include "emu/nt/format.h"

namespace nt {
namespace {

/* DbgPrint sends no more than this at once. */
constexpr SIZE_T kMaxMessage = 512;
constexpr m_u32 kUnhandledException = 0x1E; /* KMODE_EXCEPTION_NOT_HANDLED */

void print(const char* prefix, const char* format, struct wdm_va_record* arguments) {
  char text[kMaxMessage];
  SIZE_T length = 0;
  while (prefix[length] && length < sizeof(text)) text[length] = prefix[length], ++length;
  length += format_narrow(text + length, sizeof(text) - length, format, arguments);
  mach_debug_print(text, (m_u32)(length < sizeof(text) ? length : sizeof(text)));
}

SIZE_T describe(char* out, SIZE_T capacity, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const SIZE_T length = format_narrow(out, capacity - 1, format, arguments);
  va_end(arguments);
  out[length < capacity ? length : capacity - 1] = 0;
  return length;
}

[[noreturn]] void assertion_failed(const char* assertion, const char* file, ULONG line, const char* message,
                                   const void* pc) {
  const char* name = file;
  for (const char* at = file; *at; ++at)
    if (*at == '/' || *at == '\\') name = at + 1;
  char text[256];
  describe(text, sizeof(text), "assertion failed at %s(%lu): %s%s%s", name, line, message ? message : "",
           message ? ": " : "", assertion);
  mach_violation("BugCheck", text, 0, pc);
  mach_bug_check(kUnhandledException, (m_u32)STATUS_ASSERTION_FAILURE, (m_u64)pc, 0, 0, pc);
}

}  // namespace
}  // namespace nt

extern "C" {

/* Without a debugger. */
BOOLEAN KdDebuggerEnabled = FALSE;
BOOLEAN KdDebuggerNotPresent = TRUE;

ULONG __cdecl DbgPrint(PCSTR Format, ...) {
  DDI_ENTER(DbgPrint, nullptr);
  va_list arguments;
  va_start(arguments, Format);
  nt::print("", Format, arguments);
  va_end(arguments);
  return STATUS_SUCCESS;
}

ULONG __cdecl DbgPrintEx(ULONG, ULONG, PCSTR Format, ...) {
  DDI_ENTER(DbgPrintEx, nullptr);
  va_list arguments;
  va_start(arguments, Format);
  nt::print("", Format, arguments);
  va_end(arguments);
  return STATUS_SUCCESS;
}

ULONG NTAPI vDbgPrintEx(ULONG, ULONG, PCCH Format, va_list ArgList) {
  DDI_ENTER(vDbgPrintEx, nullptr);
  nt::print("", Format, ArgList);
  return STATUS_SUCCESS;
}

ULONG NTAPI vDbgPrintExWithPrefix(PCCH Prefix, ULONG, ULONG, PCCH Format, va_list ArgList) {
  DDI_ENTER(vDbgPrintExWithPrefix, nullptr);
  nt::print(Prefix, Format, ArgList);
  return STATUS_SUCCESS;
}

VOID NTAPI RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message) {
  DDI_ENTER(RtlAssert, nullptr);
  nt::assertion_failed((const char*)FailedAssertion, (const char*)FileName, LineNumber, Message, ddi.pc());
}

/* The machine has a kernel debugger attached that says `g` at every breakpoint: drivers are compiled as checked builds, and
 * those break at DriverEntry. */
void DbgBreakPoint(void) {
  DDI_ENTER(DbgBreakPoint, nullptr);
}

VOID NTAPI DbgBreakPointWithStatus(ULONG) {
  DDI_ENTER(DbgBreakPointWithStatus, nullptr);
}

void DbgRaiseAssertionFailure(void) {
  DDI_ENTER(DbgRaiseAssertionFailure, nullptr);
  mach_bug_check(nt::kUnhandledException, (m_u32)STATUS_ASSERTION_FAILURE, (m_u64)ddi.pc(), 0, 0, ddi.pc());
}

/* KERNEL_SECURITY_CHECK_FAILURE */
void wdm_fastfail(unsigned int code) {
  DDI_ENTER(wdm_fastfail, nullptr);
  mach_bug_check(0x139, code, 0, 0, 0, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1, ULONG_PTR BugCheckParameter2,
                                    ULONG_PTR BugCheckParameter3, ULONG_PTR BugCheckParameter4) {
  DDI_ENTER(KeBugCheckEx, nullptr);
  mach_bug_check(BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3, BugCheckParameter4,
                 ddi.pc());
}

NTKERNELAPI VOID NTAPI KeBugCheck(ULONG BugCheckCode) {
  DDI_ENTER(KeBugCheck, nullptr);
  mach_bug_check(BugCheckCode, 0, 0, 0, 0, ddi.pc());
}

}  // extern "C"
