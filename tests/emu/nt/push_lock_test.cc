#include "tests/emu/nt/check.h"

namespace {

struct Shared {
  EX_PUSH_LOCK lock;
  LONG writers;
  LONG counter;
  LONG order;
  LONG reader_came;
  LONG writer_came;
};

void NTAPI write(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 5; ++i) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&shared->lock);
    CHECK(++shared->writers == 1);
    const LONG value = shared->counter;
    YieldProcessor();
    shared->counter = value + 1;
    --shared->writers;
    ExReleasePushLockExclusive(&shared->lock);
    KeLeaveCriticalRegion();
  }
}

void NTAPI read(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 5; ++i) {
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&shared->lock);
    const LONG value = shared->counter;
    YieldProcessor();
    CHECK(shared->writers == 0 && shared->counter == value);
    ExReleasePushLockShared(&shared->lock);
    KeLeaveCriticalRegion();
  }
}

void NTAPI read_once(PVOID context) {
  auto* shared = (Shared*)context;
  ExAcquirePushLockShared(&shared->lock);
  shared->reader_came = ++shared->order;
  ExReleasePushLockShared(&shared->lock);
}

void NTAPI write_once(PVOID context) {
  auto* shared = (Shared*)context;
  ExAcquirePushLockExclusive(&shared->lock);
  shared->writer_came = ++shared->order;
  ExReleasePushLockExclusive(&shared->lock);
}

}  // namespace

TEST(push_lock_readers_and_writers) {
  Shared shared = {};
  ExInitializePushLock(&shared.lock);
  void* threads[] = {start_thread(write, &shared), start_thread(read, &shared), start_thread(write, &shared),
                     start_thread(read, &shared)};
  for (void* thread : threads) join(thread);
  CHECK(shared.counter == 10 && shared.lock == 0);
}

TEST(push_lock_waiting_writer_keeps_readers_out) {
  Shared shared = {};
  ExInitializePushLock(&shared.lock);
  ExAcquirePushLockShared(&shared.lock);
  CHECK(ExTryAcquirePushLockSharedEx(&shared.lock, EX_DEFAULT_PUSH_LOCK_FLAGS));
  ExReleasePushLockEx(&shared.lock, EX_DEFAULT_PUSH_LOCK_FLAGS);
  void* writer = start_thread(write_once, &shared);
  let_others_run();
  CHECK(!ExTryAcquirePushLockSharedEx(&shared.lock, EX_DEFAULT_PUSH_LOCK_FLAGS));
  CHECK(!ExTryAcquirePushLockExclusiveEx(&shared.lock, EX_DEFAULT_PUSH_LOCK_FLAGS));
  void* reader = start_thread(read_once, &shared);
  let_others_run();
  CHECK(shared.order == 0);
  ExReleasePushLockShared(&shared.lock);
  join(writer);
  join(reader);
  CHECK(shared.writer_came == 1 && shared.reader_came == 2 && shared.lock == 0);
}

TEST(push_lock_released_by_another_thread) {
  Shared shared = {};
  ExInitializePushLock(&shared.lock);
  mach_test_expect_stop("while nobody owns it");
  ExReleasePushLockShared(&shared.lock);
}

TEST(push_lock_released_in_the_other_mode) {
  Shared shared = {};
  ExInitializePushLock(&shared.lock);
  ExAcquirePushLockExclusive(&shared.lock);
  mach_test_expect_stop("released as if it were shared");
  ExReleasePushLockShared(&shared.lock);
}

TEST(push_lock_that_was_not_initialised) {
  EX_PUSH_LOCK lock = 0x0badf00d;
  mach_test_expect_stop("push lock used that ExInitializePushLock did not set to 0");
  ExAcquirePushLockShared(&lock);
}

TEST(push_lock_in_freed_pool) {
  auto* lock = (PEX_PUSH_LOCK)ExAllocatePoolWithTag(NonPagedPool, sizeof(EX_PUSH_LOCK), 'tseT');
  ExInitializePushLock(lock);
  ExAcquirePushLockShared(lock);
  mach_test_expect_stop("held push lock is freed");
  ExFreePool(lock);
}

namespace {

void acquire_as_user(void* lock) {
  ExAcquirePushLockShared((PEX_PUSH_LOCK)lock);
}

}  // namespace

/* On a client's thread; system threads cannot be suspended. */
TEST(push_lock_with_apcs_on) {
  static EX_PUSH_LOCK lock;
  ExInitializePushLock(&lock);
  mach_test_expect_stop("bug check 0XC4 (0xea");
  mach_thread_create(acquire_as_user, &lock, MACH_THREAD_USER, nullptr, nullptr);
  let_others_run();
}
