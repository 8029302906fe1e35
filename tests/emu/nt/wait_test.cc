#include "tests/emu/nt/check.h"

namespace {

struct Scene {
  KEVENT event;
  KSEMAPHORE semaphore;
  KMUTEX mutex;
  LONG order;
  LONG first;
  LONG second;
};

void NTAPI wait_first(PVOID context) {
  auto* scene = (Scene*)context;
  KeWaitForSingleObject(&scene->event, Executive, KernelMode, FALSE, nullptr);
  scene->first = ++scene->order;
}

void NTAPI wait_second(PVOID context) {
  auto* scene = (Scene*)context;
  KeWaitForSingleObject(&scene->event, Executive, KernelMode, FALSE, nullptr);
  scene->second = ++scene->order;
}

void NTAPI wait_both(PVOID context) {
  auto* scene = (Scene*)context;
  void* objects[] = {&scene->event, &scene->semaphore};
  CHECK(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, nullptr, nullptr) ==
        STATUS_SUCCESS);
  scene->first = 1;
}

void NTAPI hold_mutex(PVOID context) {
  auto* scene = (Scene*)context;
  CHECK(KeWaitForSingleObject(&scene->mutex, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  KeSetEvent(&scene->event, 0, FALSE);
  LARGE_INTEGER pause = milliseconds(10);
  KeDelayExecutionThread(KernelMode, FALSE, &pause);
  scene->first = 1;
  KeReleaseMutex(&scene->mutex, FALSE);
}

void let_others_run() {
  LARGE_INTEGER pause = milliseconds(1);
  KeDelayExecutionThread(KernelMode, FALSE, &pause);
}

}  // namespace

TEST(event_states) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  CHECK(!is_signaled(&event));
  CHECK(KeSetEvent(&event, 0, FALSE) == 0);
  CHECK(KeSetEvent(&event, 0, FALSE) == 1);
  CHECK(is_signaled(&event));
  CHECK(is_signaled(&event));
  CHECK(KeResetEvent(&event) == 1);
  CHECK(KeReadStateEvent(&event) == 0);

  KeInitializeEvent(&event, SynchronizationEvent, TRUE);
  CHECK(is_signaled(&event));
  CHECK(!is_signaled(&event));
}

TEST(synchronization_event_goes_to_the_first_waiter) {
  Scene scene = {};
  KeInitializeEvent(&scene.event, SynchronizationEvent, FALSE);
  void* a = start_thread(wait_first, &scene);
  let_others_run();
  void* b = start_thread(wait_second, &scene);
  let_others_run();
  KeSetEvent(&scene.event, 0, FALSE);
  CHECK(KeReadStateEvent(&scene.event) == 0); /* handed over at once */
  join(a);
  CHECK(scene.first == 1 && scene.second == 0);
  KeSetEvent(&scene.event, 0, FALSE);
  join(b);
  CHECK(scene.second == 2);
}

TEST(pulse_wakes_all_and_leaves_it_reset) {
  Scene scene = {};
  KeInitializeEvent(&scene.event, NotificationEvent, FALSE);
  void* a = start_thread(wait_first, &scene);
  void* b = start_thread(wait_second, &scene);
  let_others_run();
  KePulseEvent(&scene.event, 0, FALSE);
  CHECK(KeReadStateEvent(&scene.event) == 0);
  join(a);
  join(b);
}

TEST(wait_times_out) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  LARGE_INTEGER before, after, timeout = milliseconds(5);
  KeQuerySystemTime(&before);
  CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout) == STATUS_TIMEOUT);
  KeQuerySystemTime(&after);
  CHECK(after.QuadPart - before.QuadPart >= 50000);
  /* Nothing of the wait is left on the event. */
  KeSetEvent(&event, 0, FALSE);
  CHECK(is_signaled(&event));
}

TEST(wait_for_any_and_all) {
  Scene scene = {};
  KeInitializeEvent(&scene.event, SynchronizationEvent, FALSE);
  KeInitializeSemaphore(&scene.semaphore, 1, 2);
  void* objects[] = {&scene.event, &scene.semaphore};
  CHECK(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr) == STATUS_WAIT_1);
  CHECK(KeReadStateSemaphore(&scene.semaphore) == 0);

  void* thread = start_thread(wait_both, &scene);
  let_others_run();
  KeSetEvent(&scene.event, 0, FALSE);
  let_others_run();
  CHECK(scene.first == 0);
  CHECK(KeReadStateEvent(&scene.event) == 1); /* not taken before all are there */
  KeReleaseSemaphore(&scene.semaphore, 0, 1, FALSE);
  join(thread);
  CHECK(scene.first == 1 && KeReadStateEvent(&scene.event) == 0 && KeReadStateSemaphore(&scene.semaphore) == 0);
}

TEST(semaphore_counts) {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 0, 3);
  CHECK(KeReleaseSemaphore(&semaphore, 0, 2, FALSE) == 0);
  CHECK(KeReleaseSemaphore(&semaphore, 0, 1, FALSE) == 2);
  CHECK(is_signaled(&semaphore) && is_signaled(&semaphore) && is_signaled(&semaphore));
  CHECK(!is_signaled(&semaphore));
}

TEST(mutex_is_recursive_and_owned) {
  Scene scene = {};
  KeInitializeMutex(&scene.mutex, 0);
  CHECK(is_signaled(&scene.mutex) && is_signaled(&scene.mutex));
  CHECK(KeAreApcsDisabled());
  CHECK(KeReleaseMutex(&scene.mutex, FALSE) == -1);
  CHECK(KeReleaseMutex(&scene.mutex, FALSE) == 0);
  CHECK(!KeAreApcsDisabled());

  KeInitializeEvent(&scene.event, NotificationEvent, FALSE);
  void* thread = start_thread(hold_mutex, &scene);
  KeWaitForSingleObject(&scene.event, Executive, KernelMode, FALSE, nullptr);
  CHECK(!is_signaled(&scene.mutex));
  CHECK(KeWaitForSingleObject(&scene.mutex, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  CHECK(scene.first == 1);
  KeReleaseMutex(&scene.mutex, FALSE);
  join(thread);
}
