#include "tests/emu/nt/check.h"

namespace {

struct Counter {
  KDPC dpc;
  KTIMER timer;
  KEVENT event;
  LONG calls;
  KIRQL irql;
  ULONG cpu;
  PVOID argument1;
};

void NTAPI count(PKDPC, PVOID context, PVOID argument1, PVOID) {
  auto* counter = (Counter*)context;
  ++counter->calls;
  counter->irql = KeGetCurrentIrql();
  counter->cpu = KeGetCurrentProcessorNumber();
  counter->argument1 = argument1;
  if (counter->event.Header.WaitListHead.Flink) KeSetEvent(&counter->event, 0, FALSE);
}

void init(Counter* counter) {
  *counter = {};
  KeInitializeDpc(&counter->dpc, count, counter);
  KeInitializeTimer(&counter->timer);
}

}  // namespace

TEST(dpc_runs_at_dispatch_level_when_the_irql_allows) {
  Counter counter;
  init(&counter);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  KeSetTargetProcessorDpc(&counter.dpc, (CCHAR)KeGetCurrentProcessorNumber());
  CHECK(KeInsertQueueDpc(&counter.dpc, (PVOID)1, nullptr));
  CHECK(!KeInsertQueueDpc(&counter.dpc, (PVOID)2, nullptr));
  CHECK(counter.calls == 0);
  KeLowerIrql(old);
  CHECK(counter.calls == 1 && counter.irql == DISPATCH_LEVEL && counter.argument1 == (PVOID)1);
  CHECK(!KeRemoveQueueDpc(&counter.dpc));
}

TEST(dpc_can_be_removed) {
  Counter counter;
  init(&counter);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  KeInsertQueueDpc(&counter.dpc, nullptr, nullptr);
  CHECK(KeRemoveQueueDpc(&counter.dpc));
  KeLowerIrql(old);
  CHECK(counter.calls == 0);
}

TEST(dpc_on_another_processor_is_flushed) {
  Counter counter;
  init(&counter);
  KeSetTargetProcessorDpc(&counter.dpc, 1);
  KeInsertQueueDpc(&counter.dpc, nullptr, nullptr);
  KeFlushQueuedDpcs();
  CHECK(counter.calls == 1 && counter.cpu == 1);
}

TEST(timer_fires_once_and_signals) {
  Counter counter;
  init(&counter);
  CHECK(!KeSetTimer(&counter.timer, milliseconds(2), &counter.dpc));
  CHECK(!KeReadStateTimer(&counter.timer));
  CHECK(KeWaitForSingleObject(&counter.timer, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  KeFlushQueuedDpcs();
  CHECK(counter.calls == 1 && KeReadStateTimer(&counter.timer));
  CHECK(!KeCancelTimer(&counter.timer));
}

TEST(timer_can_be_cancelled_and_set_again) {
  Counter counter;
  init(&counter);
  KeSetTimer(&counter.timer, milliseconds(50), &counter.dpc);
  CHECK(KeSetTimer(&counter.timer, milliseconds(50), &counter.dpc));
  CHECK(KeCancelTimer(&counter.timer));
  CHECK(!KeCancelTimer(&counter.timer));
}

TEST(periodic_timer_fires_until_cancelled) {
  Counter counter;
  init(&counter);
  KeInitializeEvent(&counter.event, SynchronizationEvent, FALSE);
  KeSetTimerEx(&counter.timer, milliseconds(1), 1, &counter.dpc);
  for (int i = 0; i < 3; ++i) KeWaitForSingleObject(&counter.event, Executive, KernelMode, FALSE, nullptr);
  CHECK(KeCancelTimer(&counter.timer));
  KeFlushQueuedDpcs();
  CHECK(counter.calls >= 3);
}

TEST(absolute_due_time) {
  KTIMER timer;
  KeInitializeTimerEx(&timer, SynchronizationTimer);
  LARGE_INTEGER due, now;
  KeQuerySystemTime(&due);
  due.QuadPart += 12345;
  KeSetTimer(&timer, due, nullptr);
  CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  KeQuerySystemTime(&now);
  CHECK(now.QuadPart >= due.QuadPart);
  CHECK(!is_signaled(&timer));
}

TEST(coalescable_timer) {
  Counter counter;
  init(&counter);
  LARGE_INTEGER before, after;
  KeQuerySystemTime(&before);
  CHECK(!KeSetCoalescableTimer(&counter.timer, milliseconds(2), 0, 5, &counter.dpc));
  CHECK(KeWaitForSingleObject(&counter.timer, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  KeQuerySystemTime(&after);
  KeFlushQueuedDpcs();
  CHECK(counter.calls == 1);
  CHECK(after.QuadPart - before.QuadPart >= 20000 && after.QuadPart - before.QuadPart <= 70000);
}

TEST(timer_initialised_while_it_is_set) {
  Counter counter;
  init(&counter);
  KeSetTimer(&counter.timer, milliseconds(50), nullptr);
  mach_test_expect_stop("bug check 0XC7");
  KeInitializeTimer(&counter.timer);
}
