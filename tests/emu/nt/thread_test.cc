#include "tests/emu/nt/check.h"

#include "emu/nt/thread.h"

namespace {

void NTAPI remember(PVOID context) {
  *(void**)context = KeGetCurrentThread();
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
  PsTerminateSystemThread(STATUS_SUCCESS);
  CHECK(false);
}

}  // namespace

TEST(thread_object_is_the_thread) {
  void* seen = nullptr;
  void* thread = start_thread(remember, &seen);
  KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, nullptr);
  CHECK(seen == thread);
  CHECK(PsIsThreadTerminating((PETHREAD)thread));
  ObDereferenceObject(thread);
}

TEST(handles) {
  void* object = nullptr;
  CHECK(ZwClose((HANDLE)0x1234) == STATUS_INVALID_HANDLE);
  HANDLE handle;
  OBJECT_ATTRIBUTES kernel;
  InitializeObjectAttributes(&kernel, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
  CHECK(ZwCreateEvent(&handle, 0, &kernel, NotificationEvent, TRUE) == STATUS_SUCCESS);
  CHECK(ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, &object, nullptr) ==
        STATUS_OBJECT_TYPE_MISMATCH);
  CHECK(ObReferenceObjectByHandle(handle, 0, *ExEventObjectType, UserMode, &object, nullptr) == STATUS_INVALID_HANDLE);
  CHECK(ObReferenceObjectByHandle(handle, 0, *ExEventObjectType, KernelMode, &object, nullptr) == STATUS_SUCCESS);
  CHECK(ZwClose(handle) == STATUS_SUCCESS);
  CHECK(ZwClose(handle) == STATUS_INVALID_HANDLE);
  CHECK(is_signaled(object)); /* the reference keeps it */
  ObDereferenceObject(object);

  /* Without OBJ_KERNEL_HANDLE it is one of the process, good for both modes there. */
  CHECK(ZwCreateEvent(&handle, 0, nullptr, NotificationEvent, TRUE) == STATUS_SUCCESS);
  CHECK(ObReferenceObjectByHandle(handle, 0, *ExEventObjectType, UserMode, &object, nullptr) == STATUS_SUCCESS);
  ObDereferenceObject(object);
  CHECK(ZwClose(handle) == STATUS_SUCCESS);

  void* again = nullptr;
  CHECK(ObReferenceObjectByHandle((HANDLE)8, 0, *ExEventObjectType, UserMode, &object, nullptr) == STATUS_SUCCESS);
  CHECK(ObReferenceObjectByHandle((HANDLE)8, 0, *ExEventObjectType, UserMode, &again, nullptr) == STATUS_SUCCESS);
  CHECK(object == again);
  CHECK(ObReferenceObjectByHandle((HANDLE)8, 0, *ExEventObjectType, KernelMode, &again, nullptr) == STATUS_SUCCESS);
}

TEST(system_call_that_keeps_apcs_off) {
  nt::require_regions_left(nullptr);
  KeEnterGuardedRegion();
  mach_test_expect_stop("bug check 0X1 (");
  nt::require_regions_left(nullptr);
}

namespace {

void NTAPI end_in_region(PVOID) {
  KeEnterCriticalRegion();
}

}  // namespace

TEST(thread_that_ends_in_a_critical_region) {
  mach_test_expect_stop("critical region still open when the system thread returns");
  join(start_thread(end_in_region, nullptr));
}
