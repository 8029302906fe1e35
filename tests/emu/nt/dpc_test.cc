#include "tests/emu/nt/check.h"

namespace {

struct Scene {
  KDPC dpc;
  KEVENT started;
  LONG calls;
  KIRQL irql;
  ULONG cpu;
  bool inside;
};

void NTAPI note(PKDPC, PVOID context, PVOID, PVOID) {
  auto* scene = (Scene*)context;
  scene->inside = true;
  scene->irql = KeGetCurrentIrql();
  scene->cpu = KeGetCurrentProcessorNumber();
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  const KIRQL old = KeAcquireSpinLockForDpc(&lock);
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeReleaseSpinLockForDpc(&lock, old);
  CHECK(KeGetCurrentIrql() == scene->irql);
  KeSetEvent(&scene->started, 0, FALSE);
  for (int i = 0; i < 4; ++i) YieldProcessor();
  ++scene->calls;
  scene->inside = false;
}

void NTAPI wait_inside(PKDPC, PVOID context, PVOID, PVOID) {
  auto* scene = (Scene*)context;
  KeWaitForSingleObject(&scene->started, Executive, KernelMode, FALSE, nullptr);
}

void init(Scene* scene) {
  *scene = {};
  KeInitializeEvent(&scene->started, NotificationEvent, FALSE);
}

}  // namespace

TEST(threaded_dpc_runs_in_a_thread_of_its_processor) {
  Scene scene;
  init(&scene);
  KeInitializeThreadedDpc(&scene.dpc, note, &scene);
  KeSetTargetProcessorDpc(&scene.dpc, 1);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  CHECK(KeInsertQueueDpc(&scene.dpc, nullptr, nullptr));
  KeLowerIrql(old);
  KeFlushQueuedDpcs();
  CHECK(scene.calls == 1 && scene.cpu == 1);
  CHECK(scene.irql == PASSIVE_LEVEL || scene.irql == DISPATCH_LEVEL);
  CHECK(KeInsertQueueDpc(&scene.dpc, nullptr, nullptr));
  KeFlushQueuedDpcs();
  CHECK(scene.calls == 2);
}

TEST(threaded_dpc_can_be_removed) {
  Scene scene;
  init(&scene);
  KeInitializeThreadedDpc(&scene.dpc, note, &scene);
  KIRQL old;
  KeSetTargetProcessorDpc(&scene.dpc, (CCHAR)KeGetCurrentProcessorNumber());
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  KeSetTargetProcessorDpc(&scene.dpc, (CCHAR)KeGetCurrentProcessorNumber());
  CHECK(KeInsertQueueDpc(&scene.dpc, nullptr, nullptr));
  CHECK(!KeInsertQueueDpc(&scene.dpc, nullptr, nullptr));
  CHECK(KeRemoveQueueDpc(&scene.dpc));
  CHECK(!KeRemoveQueueDpc(&scene.dpc));
  KeLowerIrql(old);
  KeFlushQueuedDpcs();
  CHECK(scene.calls == 0);
}

namespace {

constexpr LONG kRounds = 8;

struct Again {
  KDPC dpc;
  LONG calls;
};

/* Queues itself again kRounds - 1 times. */
VOID NTAPI queue_again(PKDPC dpc, PVOID context, PVOID, PVOID) {
  auto* again = (Again*)context;
  if (++again->calls < kRounds) KeInsertQueueDpc(dpc, nullptr, nullptr);
}

}  // namespace

/* Each flush waits for what is queued when it is called, whatever is queued meanwhile. */
TEST(flush_waits_for_threaded_dpcs_queued_before) {
  Again again{};
  KeInitializeThreadedDpc(&again.dpc, queue_again, &again);
  KeInsertQueueDpc(&again.dpc, nullptr, nullptr);
  for (LONG round = 1; round <= kRounds; ++round) {
    KeFlushQueuedDpcs();
    CHECK(again.calls >= round);
  }
  CHECK(again.calls == kRounds);
}

TEST(threaded_dpc_that_waits) {
  Scene scene;
  init(&scene);
  KeInitializeThreadedDpc(&scene.dpc, wait_inside, &scene);
  mach_test_expect_stop("a wait ");
  KeInsertQueueDpc(&scene.dpc, nullptr, nullptr);
  KeFlushQueuedDpcs();
}

/* Wherever it runs, it is over when this returns. */
TEST(dpc_removed_and_waited_for) {
  Scene scene;
  init(&scene);
  KeInitializeDpc(&scene.dpc, note, &scene);
  KeSetTargetProcessorDpc(&scene.dpc, 1);
  CHECK(KeInsertQueueDpc(&scene.dpc, nullptr, nullptr));
  const bool removed = KeRemoveQueueDpcEx(&scene.dpc, TRUE);
  CHECK(!scene.inside);
  CHECK(scene.calls == (removed ? 0 : 1));
}

TEST(dpc_of_high_importance_comes_first) {
  Scene first, second;
  init(&first);
  init(&second);
  KeInitializeDpc(&first.dpc, note, &first);
  KeInitializeDpc(&second.dpc, note, &second);
  KeSetImportanceDpc(&second.dpc, HighImportance);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  PROCESSOR_NUMBER here = {};
  KeGetCurrentProcessorNumberEx(&here);
  CHECK(KeSetTargetProcessorDpcEx(&first.dpc, &here) == STATUS_SUCCESS);
  CHECK(KeSetTargetProcessorDpcEx(&second.dpc, &here) == STATUS_SUCCESS);
  KeInsertQueueDpc(&first.dpc, nullptr, nullptr);
  KeInsertQueueDpc(&second.dpc, nullptr, nullptr);
  CHECK(KeRemoveQueueDpc(&first.dpc));
  KeLowerIrql(old);
  CHECK(first.calls == 0 && second.calls == 1);
  here.Number = 31;
  CHECK(KeSetTargetProcessorDpcEx(&first.dpc, &here) == STATUS_INVALID_PARAMETER);
}

TEST(dpc_initialised_while_queued) {
  Scene scene;
  init(&scene);
  KeInitializeDpc(&scene.dpc, note, &scene);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  KeSetTargetProcessorDpc(&scene.dpc, (CCHAR)KeGetCurrentProcessorNumber());
  KeInsertQueueDpc(&scene.dpc, nullptr, nullptr);
  mach_test_expect_stop("bug check 0XC7");
  KeInitializeThreadedDpc(&scene.dpc, note, &scene);
}
