#include "tests/emu/nt/check.h"

TEST(queued_spin_lock_remembers_the_irql) {
  KSPIN_LOCK lock;
  KLOCK_QUEUE_HANDLE handle;
  KeInitializeSpinLock(&lock);
  KIRQL old;
  KeRaiseIrql(APC_LEVEL, &old);
  KeAcquireInStackQueuedSpinLock(&lock, &handle);
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && handle.OldIrql == APC_LEVEL);
  KeReleaseInStackQueuedSpinLock(&handle);
  CHECK(KeGetCurrentIrql() == APC_LEVEL);
  KeLowerIrql(old);
}

TEST(queued_spin_lock_handles_one_after_the_other) {
  KSPIN_LOCK locks[2];
  KLOCK_QUEUE_HANDLE handle;
  for (KSPIN_LOCK& lock : locks) KeInitializeSpinLock(&lock);
  for (KSPIN_LOCK& lock : locks) {
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
  }
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

TEST(queued_spin_lock_handle_used_twice) {
  KSPIN_LOCK locks[2];
  KLOCK_QUEUE_HANDLE handle;
  for (KSPIN_LOCK& lock : locks) KeInitializeSpinLock(&lock);
  KeAcquireInStackQueuedSpinLock(&locks[0], &handle);
  mach_test_expect_stop("lock queue handle given to an acquire while T0 uses it for another one");
  KeAcquireInStackQueuedSpinLock(&locks[1], &handle);
}

TEST(queued_spin_lock_handle_copied) {
  KSPIN_LOCK lock;
  KLOCK_QUEUE_HANDLE handle;
  KeInitializeSpinLock(&lock);
  KeAcquireInStackQueuedSpinLock(&lock, &handle);
  KLOCK_QUEUE_HANDLE copy = handle;
  mach_test_expect_stop("released with another handle than it was acquired with");
  KeReleaseInStackQueuedSpinLock(&copy);
}
