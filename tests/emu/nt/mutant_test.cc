#include "tests/emu/nt/check.h"

namespace {

struct Scene {
  KMUTEX mutex;
  KEVENT held;
  LONG first;
};

void init(Scene* scene) {
  *scene = {};
  KeInitializeMutex(&scene->mutex, 0);
  KeInitializeEvent(&scene->held, NotificationEvent, FALSE);
}

void NTAPI hold(PVOID context) {
  auto* scene = (Scene*)context;
  CHECK(KeWaitForSingleObject(&scene->mutex, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  KeSetEvent(&scene->held, 0, FALSE);
  LARGE_INTEGER pause = milliseconds(10);
  KeDelayExecutionThread(KernelMode, FALSE, &pause);
  scene->first = 1;
  KeReleaseMutex(&scene->mutex, FALSE);
}

void NTAPI end_with_it(PVOID context) {
  auto* scene = (Scene*)context;
  KeWaitForSingleObject(&scene->mutex, Executive, KernelMode, FALSE, nullptr);
}

void NTAPI wait_and_release(PVOID context) {
  auto* scene = (Scene*)context;
  KeWaitForSingleObject(&scene->mutex, Executive, KernelMode, FALSE, nullptr);
  scene->first = 1;
  CHECK(KeReleaseMutex(&scene->mutex, FALSE) == 0);
}

}  // namespace

TEST(mutex_is_recursive_and_owned) {
  Scene scene;
  init(&scene);
  CHECK(KeReadStateMutex(&scene.mutex) == 1);
  CHECK(is_signaled(&scene.mutex) && is_signaled(&scene.mutex));
  CHECK(KeReadStateMutex(&scene.mutex) == -1);
  CHECK(KeAreApcsDisabled());
  CHECK(KeReleaseMutex(&scene.mutex, FALSE) == -1);
  CHECK(KeAreApcsDisabled());
  CHECK(KeReleaseMutex(&scene.mutex, FALSE) == 0);
  CHECK(!KeAreApcsDisabled());

  void* thread = start_thread(hold, &scene);
  KeWaitForSingleObject(&scene.held, Executive, KernelMode, FALSE, nullptr);
  CHECK(!is_signaled(&scene.mutex));
  CHECK(KeWaitForMutexObject(&scene.mutex, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  CHECK(scene.first == 1);
  KeReleaseMutex(&scene.mutex, FALSE);
  join(thread);
}

TEST(mutex_released_without_owning_it) {
  Scene scene;
  init(&scene);
  void* thread = start_thread(hold, &scene);
  KeWaitForSingleObject(&scene.held, Executive, KernelMode, FALSE, nullptr);
  mach_test_expect_stop("Mutex 1 released by T0 but owned by T5");
  KeReleaseMutex(&scene.mutex, FALSE);
  join(thread);
}

TEST(mutex_released_on_the_other_side_of_dispatch_level) {
  Scene scene;
  init(&scene);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  CHECK(is_signaled(&scene.mutex));
  KeLowerIrql(old);
  mach_test_expect_stop("0xc0000046");
  KeReleaseMutex(&scene.mutex, FALSE);
}

/* The waiter takes it below DISPATCH_LEVEL, wherever the one before gave it up. */
TEST(mutex_handed_over_at_dispatch_level) {
  Scene scene;
  init(&scene);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  CHECK(is_signaled(&scene.mutex));
  KeLowerIrql(old);
  void* thread = start_thread(wait_and_release, &scene);
  let_others_run();
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  CHECK(KeReleaseMutex(&scene.mutex, FALSE) == 0);
  KeLowerIrql(old);
  join(thread);
  CHECK(scene.first == 1 && KeReadStateMutex(&scene.mutex) == 1);
}

TEST(mutex_kept_by_a_thread_that_ends) {
  Scene scene;
  init(&scene);
  mach_test_expect_stop("Mutex 1 still owned by T5 when it ends");
  join(start_thread(end_with_it, &scene));
}

namespace {

struct Crossed {
  KMUTEX a, b;
  KEVENT b_is_held;
};

void NTAPI take_b_then_a(PVOID context) {
  auto* crossed = (Crossed*)context;
  KeWaitForSingleObject(&crossed->b, Executive, KernelMode, FALSE, nullptr);
  KeSetEvent(&crossed->b_is_held, 0, FALSE);
  KeWaitForSingleObject(&crossed->a, Executive, KernelMode, FALSE, nullptr);
}

}  // namespace

/* Mutex b comes to its second owner by way of a hand-over. */
TEST(mutex_deadlock_names_both_threads) {
  static Crossed crossed;
  KeInitializeMutex(&crossed.a, 0);
  KeInitializeMutex(&crossed.b, 0);
  KeInitializeEvent(&crossed.b_is_held, NotificationEvent, FALSE);
  mach_enter(CALLBACK_Unload, (const void*)take_b_then_a, 0, 0);
  void* objects[] = {&crossed.a, &crossed.b};
  KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, nullptr, nullptr);
  start_thread(take_b_then_a, &crossed);
  let_others_run();
  KeReleaseMutex(&crossed.b, FALSE);
  KeWaitForSingleObject(&crossed.b_is_held, Executive, KernelMode, FALSE, nullptr);
  mach_test_expect_stop("T0 waits for Mutex 2, which T5 holds; T5 waits for Mutex 1, which T0 holds");
  KeWaitForSingleObject(&crossed.b, Executive, KernelMode, FALSE, nullptr);
}
