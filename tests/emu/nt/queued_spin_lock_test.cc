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
