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
