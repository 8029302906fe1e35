#include "tests/emu/nt/check.h"

namespace {

struct Shared {
  EX_SPIN_LOCK lock;
  LONG guard; /* the lock has 32 bits: what follows is the driver's */
  LONG readers;
  LONG counter;
};

void NTAPI write(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 8; ++i) {
    const KIRQL old = ExAcquireSpinLockExclusive(&shared->lock);
    CHECK(shared->readers == 0);
    const LONG value = shared->counter;
    YieldProcessor();
    shared->counter = value + 1;
    ExReleaseSpinLockExclusive(&shared->lock, old);
  }
}

void NTAPI read(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 8; ++i) {
    const KIRQL old = ExAcquireSpinLockShared(&shared->lock);
    InterlockedIncrement(&shared->readers);
    const LONG value = shared->counter;
    YieldProcessor();
    CHECK(shared->counter == value);
    InterlockedDecrement(&shared->readers);
    ExReleaseSpinLockShared(&shared->lock, old);
  }
}

/* Becomes a writer where it can. */
void NTAPI convert(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 8; ++i) {
    const KIRQL old = ExAcquireSpinLockShared(&shared->lock);
    if (ExTryConvertSharedSpinLockExclusive(&shared->lock)) {
      CHECK(shared->readers == 0);
      const LONG value = shared->counter;
      YieldProcessor();
      CHECK(shared->counter == value);
      ExReleaseSpinLockExclusive(&shared->lock, old);
    } else {
      ExReleaseSpinLockShared(&shared->lock, old);
    }
  }
}

}  // namespace

TEST(ex_spin_lock_readers_and_writers) {
  Shared shared = {};
  shared.guard = 0x12345678;
  void* threads[] = {start_thread(write, &shared), start_thread(read, &shared), start_thread(convert, &shared),
                     start_thread(write, &shared)};
  for (void* thread : threads) join(thread);
  CHECK(shared.counter == 16 && shared.guard == 0x12345678);
}

TEST(ex_spin_lock_irql) {
  EX_SPIN_LOCK lock = 0;
  const KIRQL old = ExAcquireSpinLockShared(&lock);
  CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
  CHECK(!ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock));
  CHECK(ExTryConvertSharedSpinLockExclusive(&lock));
  CHECK(!ExTryAcquireSpinLockSharedAtDpcLevel(&lock) && !ExTryConvertSharedSpinLockExclusive(&lock));
  ExReleaseSpinLockExclusive(&lock, old);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);

  KIRQL before;
  KeRaiseIrql(DISPATCH_LEVEL, &before);
  ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
  ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
  ExAcquireSpinLockSharedAtDpcLevel(&lock);
  ExReleaseSpinLockSharedFromDpcLevel(&lock);
  CHECK(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock));
  ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(before);
}

TEST(ex_spin_lock_acquired_again) {
  EX_SPIN_LOCK lock = 0;
  const KIRQL old = ExAcquireSpinLockShared(&lock);
  mach_test_expect_stop("shared executive spin lock acquired again");
  ExAcquireSpinLockSharedAtDpcLevel(&lock);
  ExReleaseSpinLockSharedFromDpcLevel(&lock);
  ExReleaseSpinLockShared(&lock, old);
}

TEST(ex_spin_lock_released_in_the_other_mode) {
  EX_SPIN_LOCK lock = 0;
  const KIRQL old = ExAcquireSpinLockShared(&lock);
  mach_test_expect_stop("released as if it were");
  ExReleaseSpinLockExclusive(&lock, old);
}

TEST(ex_spin_lock_that_was_not_zero) {
  EX_SPIN_LOCK lock = 0x0badf00d;
  mach_test_expect_stop("not set to zero");
  ExAcquireSpinLockShared(&lock);
}
