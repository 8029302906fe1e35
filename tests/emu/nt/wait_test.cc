#include "tests/emu/nt/check.h"

namespace {

struct Scene {
  KEVENT event;
  KSEMAPHORE semaphore;
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

TEST(semaphore_limit_is_raised) {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 1, 2);
  mach_test_expect_stop("0xc0000047");
  KeReleaseSemaphore(&semaphore, 0, 2, FALSE);
}

/* Neither thread can have the other's second object: a wait for all takes nothing before it can take everything. */
namespace {

struct Pair {
  KEVENT a, b;
  LONG counter;
};

void take_both_and_count(Pair* pair, void* first, void* second) {
  void* objects[] = {first, second};
  for (int i = 0; i < 5; ++i) {
    CHECK(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, nullptr, nullptr) == STATUS_SUCCESS);
    const LONG value = pair->counter;
    YieldProcessor();
    pair->counter = value + 1;
    KeSetEvent(&pair->b, 0, FALSE);
    KeSetEvent(&pair->a, 0, FALSE);
  }
}

void NTAPI take_a_and_b(PVOID context) {
  auto* pair = (Pair*)context;
  take_both_and_count(pair, &pair->a, &pair->b);
}

void NTAPI take_b_and_a(PVOID context) {
  auto* pair = (Pair*)context;
  take_both_and_count(pair, &pair->b, &pair->a);
}

}  // namespace

TEST(wait_for_all_is_atomic) {
  Pair pair = {};
  KeInitializeEvent(&pair.a, SynchronizationEvent, TRUE);
  KeInitializeEvent(&pair.b, SynchronizationEvent, TRUE);
  void* one = start_thread(take_a_and_b, &pair);
  void* two = start_thread(take_b_and_a, &pair);
  join(one);
  join(two);
  CHECK(pair.counter == 10);
}

TEST(wait_for_many_objects_needs_blocks) {
  KEVENT events[4];
  void* objects[4];
  KWAIT_BLOCK blocks[4];
  for (int i = 0; i < 4; ++i) {
    KeInitializeEvent(&events[i], SynchronizationEvent, i == 3);
    objects[i] = &events[i];
  }
  LARGE_INTEGER timeout = milliseconds(1);
  CHECK(KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, blocks) == STATUS_WAIT_3);
  CHECK(KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, &timeout, blocks) == STATUS_TIMEOUT);
  mach_test_expect_stop("bug check 0XC");
  KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr);
}

TEST(wait_follows_an_event_set_with_wait) {
  KEVENT a, b;
  KeInitializeEvent(&a, NotificationEvent, FALSE);
  KeInitializeEvent(&b, NotificationEvent, TRUE);
  CHECK(KeSetEvent(&a, 0, TRUE) == 0);
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  CHECK(KeWaitForSingleObject(&b, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

TEST(wait_at_dispatch_level_only_looks) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, TRUE);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  CHECK(is_signaled(&event) && !is_signaled(&event));
  KeLowerIrql(old);
}

namespace {

void NTAPI wait_for_event_in_pool(PVOID event) {
  CHECK(KeWaitForSingleObject(event, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
}

}  // namespace

/* Who has been woken does not look at the object again. */
TEST(event_is_freed_before_the_waiter_goes_on) {
  auto* event = (PKEVENT)ExAllocatePoolWithTag(NonPagedPool, sizeof(KEVENT), 'tseT');
  KeInitializeEvent(event, NotificationEvent, FALSE);
  void* thread = start_thread(wait_for_event_in_pool, event);
  let_others_run();
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  KeSetEvent(event, 0, FALSE);
  ExFreePoolWithTag(event, 'tseT');
  KeLowerIrql(old);
  join(thread);
}

/* The level that the wait goes back to counts. */
TEST(wait_at_dispatch_level_after_setting_an_event_with_wait) {
  mach_test_expect_stop("a wait without a timeout at DISPATCH_LEVEL");
  KEVENT set, other;
  KeInitializeEvent(&set, NotificationEvent, FALSE);
  KeInitializeEvent(&other, NotificationEvent, TRUE);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  KePulseEvent(&set, 0, TRUE);
  KeWaitForSingleObject(&other, Executive, KernelMode, FALSE, nullptr);
}

namespace {

struct Shared {
  KEVENT event;
};

void NTAPI wait_for_event(PVOID context) {
  KeWaitForSingleObject(&((Shared*)context)->event, Executive, KernelMode, FALSE, nullptr);
}

Shared* shared_with_waiter() {
  auto* shared = (Shared*)ExAllocatePoolWithTag(NonPagedPool, sizeof(Shared), 'tseT');
  KeInitializeEvent(&shared->event, NotificationEvent, FALSE);
  start_thread(wait_for_event, shared);
  let_others_run();
  return shared;
}

/* The address of an event in a frame that is gone. */
__attribute__((noinline)) PKEVENT event_of_a_frame() {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  PKEVENT volatile address = &event;
  return address;
}

}  // namespace

TEST(event_freed_while_a_thread_waits) {
  Shared* shared = shared_with_waiter();
  mach_test_expect_stop("Event 1 freed while a thread waits for it");
  ExFreePool(shared);
}

TEST(event_freed_by_who_signaled_it) { /* before the waiter has run */
  Shared* shared = shared_with_waiter();
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  KeSetEvent(&shared->event, 0, FALSE);
  ExFreePool(shared);
  KeLowerIrql(old);
  let_others_run();
}

TEST(event_initialised_while_a_thread_waits) {
  Shared* shared = shared_with_waiter();
  mach_test_expect_stop("Event 1 initialised while T5 waits for it");
  KeInitializeEvent(&shared->event, NotificationEvent, FALSE);
}

TEST(event_of_a_frame_that_is_gone) {
  PKEVENT event = event_of_a_frame();
  mach_test_expect_stop("Event 1 whose stack frame has been left is signaled");
  KeSetEvent(event, 0, FALSE);
}
