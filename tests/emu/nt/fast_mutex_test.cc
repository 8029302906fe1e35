#include "tests/emu/nt/check.h"

namespace {

struct Shared {
  FAST_MUTEX mutex;
  LONG counter;
};

void NTAPI increment(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 20; ++i) {
    ExAcquireFastMutex(&shared->mutex);
    const LONG value = shared->counter;
    YieldProcessor();
    shared->counter = value + 1;
    ExReleaseFastMutex(&shared->mutex);
  }
}

}  // namespace

TEST(fast_mutex_excludes) {
  Shared shared = {};
  ExInitializeFastMutex(&shared.mutex);
  void* a = start_thread(increment, &shared);
  void* b = start_thread(increment, &shared);
  join(a);
  join(b);
  CHECK(shared.counter == 40 && shared.mutex.Count == 1);
}

TEST(guarded_mutex_excludes_and_raises) {
  KGUARDED_MUTEX mutex;
  KeInitializeGuardedMutex(&mutex);
  KeAcquireGuardedMutex(&mutex);
  CHECK(KeGetCurrentIrql() == APC_LEVEL && KeAreAllApcsDisabled());
  CHECK(!KeTryToAcquireGuardedMutex(&mutex));
  KeReleaseGuardedMutex(&mutex);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && !KeAreAllApcsDisabled());
  CHECK(KeTryToAcquireGuardedMutex(&mutex));
  KeReleaseGuardedMutex(&mutex);
  KeEnterGuardedRegion();
  KeAcquireGuardedMutexUnsafe(&mutex);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  KeReleaseGuardedMutexUnsafe(&mutex);
  KeLeaveGuardedRegion();
}

TEST(fast_mutex_released_by_who_does_not_own_it) {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  KIRQL old;
  KeRaiseIrql(APC_LEVEL, &old);
  mach_test_expect_stop("released by T0 while nobody owns it");
  ExReleaseFastMutex(&mutex);
}

TEST(fast_mutex_acquired_again_names_its_owner) {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  mach_enter(CALLBACK_Unload, (const void*)increment, 0, 0);
  ExAcquireFastMutex(&mutex);
  mach_test_expect_stop("T0 waits for Mutex 1, which T0 holds");
  ExAcquireFastMutex(&mutex);
}

TEST(regions_nest) {
  KeEnterCriticalRegion();
  KeEnterCriticalRegion();
  KeLeaveCriticalRegion();
  CHECK(KeAreApcsDisabled() && !KeAreAllApcsDisabled());
  KeEnterGuardedRegion();
  CHECK(KeAreAllApcsDisabled());
  KeLeaveGuardedRegion();
  KeLeaveCriticalRegion();
  CHECK(!KeAreApcsDisabled() && !KeAreAllApcsDisabled());
  mach_test_expect_stop("critical region left by T0, which is in none");
  KeLeaveCriticalRegion();
}

TEST(fast_mutex_irql) {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  ExAcquireFastMutex(&mutex);
  CHECK(KeGetCurrentIrql() == APC_LEVEL);
  CHECK(!ExTryToAcquireFastMutex(&mutex));
  ExReleaseFastMutex(&mutex);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  CHECK(ExTryToAcquireFastMutex(&mutex));
  CHECK(KeGetCurrentIrql() == APC_LEVEL);
  ExReleaseFastMutex(&mutex);
}

TEST(fast_mutex_freed_while_it_is_held) {
  auto* mutex = (PFAST_MUTEX)ExAllocatePoolWithTag(NonPagedPool, sizeof(FAST_MUTEX), 'tseT');
  ExInitializeFastMutex(mutex);
  ExAcquireFastMutex(mutex);
  mach_test_expect_stop("Mutex 1 freed while it is held by T0");
  ExFreePool(mutex);
}

TEST(fast_mutex_that_was_not_initialised) {
  FAST_MUTEX mutex = {};
  mach_test_expect_stop("fast mutex used before ExInitializeFastMutex");
  ExAcquireFastMutex(&mutex);
}

TEST(fast_mutex_initialised_while_it_is_held) {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  ExAcquireFastMutex(&mutex);
  mach_test_expect_stop("Mutex 1 initialised while it is owned by T0");
  ExInitializeFastMutex(&mutex);
}
