#include "tests/emu/nt/check.h"

namespace {

struct Shared {
  KSPIN_LOCK lock;
  LONG counter;
};

void NTAPI increment(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 20; ++i) {
    KIRQL old;
    KeAcquireSpinLock(&shared->lock, &old);
    const LONG value = shared->counter;
    YieldProcessor();
    shared->counter = value + 1;
    KeReleaseSpinLock(&shared->lock, old);
  }
}

}  // namespace

TEST(spin_lock_excludes) {
  Shared shared = {};
  KeInitializeSpinLock(&shared.lock);
  void* a = start_thread(increment, &shared);
  void* b = start_thread(increment, &shared);
  join(a);
  join(b);
  CHECK(shared.counter == 40);
}

TEST(spin_lock_irql_and_state) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  CHECK(KeTestSpinLock(&lock));
  const KIRQL old = KeAcquireSpinLockRaiseToDpc(&lock);
  CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
  CHECK(!KeTestSpinLock(&lock));
  CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&lock));
  KeReleaseSpinLock(&lock, old);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  KIRQL before;
  KeRaiseIrql(DISPATCH_LEVEL, &before);
  CHECK(KeTryToAcquireSpinLockAtDpcLevel(&lock));
  KeReleaseSpinLockFromDpcLevel(&lock);
  KeAcquireSpinLockAtDpcLevel(&lock);
  KeReleaseSpinLockFromDpcLevel(&lock);
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(before);
}

TEST(vpb_lock) {
  KIRQL irql = HIGH_LEVEL;
  IoAcquireVpbSpinLock(&irql);
  CHECK(irql == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
  IoReleaseVpbSpinLock(irql);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}
