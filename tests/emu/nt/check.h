/* Tests of the kernel are written in its own dialect: each is a function test_<what>(), run on a system thread of a
 * fresh machine at PASSIVE_LEVEL. mach_test_check is the runner's. */
#ifndef WDMFUZZ_TESTS_EMU_NT_CHECK_H
#define WDMFUZZ_TESTS_EMU_NT_CHECK_H

#include "emu/nt/nt.h"

extern "C" void mach_test_check(int ok, const char* what, int line);
/* The test has to end as DRIVER BUG, with this in "<rule>: <message>". */
extern "C" void mach_test_expect_stop(const char* message);
/* The test has to end as NOT EMULATED, with a message that contains this. */
extern "C" void mach_test_expect_not_emulated(const char* message);

/* Lets the next allocation or request that can fail do so. */
extern "C" void mach_test_fail_next(void);
/* How many events of that kind there have been whose arg is `arg` in the bits of `mask`. */
extern "C" m_u32 mach_test_events(m_u16 kind, m_u64 mask, m_u64 arg);

#define CHECK(condition) mach_test_check((condition) ? 1 : 0, __FILE__ ": " #condition, __LINE__)
#define TEST(name) extern "C" void test_##name(void)

/* Relative time. */
inline LARGE_INTEGER milliseconds(LONG ms) {
  LARGE_INTEGER interval;
  interval.QuadPart = -10000ll * ms;
  return interval;
}

/* A zero timeout: only looks. */
inline bool is_signaled(void* object) {
  LARGE_INTEGER now = {};
  return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &now) == STATUS_SUCCESS;
}

/* Starts routine(context) on a system thread and returns the thread object, with a reference. */
inline void* start_thread(PKSTART_ROUTINE routine, void* context) {
  HANDLE handle;
  void* thread = nullptr;
  CHECK(PsCreateSystemThread(&handle, 0, nullptr, nullptr, nullptr, routine, context) == STATUS_SUCCESS);
  CHECK(ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, &thread, nullptr) == STATUS_SUCCESS);
  CHECK(ZwClose(handle) == STATUS_SUCCESS);
  return thread;
}

/* Until every other thread has come to a stop. */
inline void let_others_run() {
  LARGE_INTEGER pause = milliseconds(1);
  KeDelayExecutionThread(KernelMode, FALSE, &pause);
}

inline void join(void* thread) {
  CHECK(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  ObDereferenceObject(thread);
}

#endif
