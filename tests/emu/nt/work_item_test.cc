#include "tests/emu/nt/check.h"

namespace {

struct Job {
  WORK_QUEUE_ITEM item;
  KEVENT done;
  LONG calls;
  KIRQL irql;
};

void NTAPI do_job(PVOID context) {
  auto* job = (Job*)context;
  job->irql = KeGetCurrentIrql();
  if (++job->calls == 1) return ExQueueWorkItem(&job->item, DelayedWorkQueue);
  KeSetEvent(&job->done, 0, FALSE);
}

}  // namespace

TEST(work_item_runs_and_can_queue_itself_again) {
  Job job = {};
  KeInitializeEvent(&job.done, NotificationEvent, FALSE);
  ExInitializeWorkItem(&job.item, do_job, &job);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  ExQueueWorkItem(&job.item, DelayedWorkQueue);
  KeLowerIrql(old);
  KeWaitForSingleObject(&job.done, Executive, KernelMode, FALSE, nullptr);
  CHECK(job.calls == 2 && job.irql == PASSIVE_LEVEL);
}

namespace {

void NTAPI wait_for_job(PVOID context) {
  KeWaitForSingleObject(&((Job*)context)->done, Executive, KernelMode, FALSE, nullptr);
}

}  // namespace

TEST(work_item_in_freed_pool) { /* while all workers are busy */
  static Job busy[8];
  for (Job& job : busy) {
    KeInitializeEvent(&job.done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&job.item, wait_for_job, &job);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
  }
  auto* job = (Job*)ExAllocatePoolWithTag(NonPagedPool, sizeof(Job), 'tseT');
  ExInitializeWorkItem(&job->item, do_job, job);
  ExQueueWorkItem(&job->item, DelayedWorkQueue);
  mach_test_expect_stop("freed while it is queued");
  ExFreePool(job);
}
