#include "tests/emu/nt/check.h"

namespace {

enum class How { exclusive, shared, starve, wait_for_exclusive };

bool acquire(PERESOURCE resource, How how, bool wait) {
  switch (how) {
    case How::exclusive:
      return ExAcquireResourceExclusiveLite(resource, wait);
    case How::shared:
      return ExAcquireResourceSharedLite(resource, wait);
    case How::starve:
      return ExAcquireSharedStarveExclusive(resource, wait);
    case How::wait_for_exclusive:
      return ExAcquireSharedWaitForExclusive(resource, wait);
  }
  return false;
}

/* A thread that acquires the resource, says so, and keeps it until it is told to let go. */
struct Holder {
  PERESOURCE resource;
  How how;
  KEVENT acquired;
  KEVENT let_go;
  void* thread;
};

void NTAPI hold(PVOID context) {
  auto* holder = (Holder*)context;
  CHECK(acquire(holder->resource, holder->how, true));
  KeSetEvent(&holder->acquired, 0, FALSE);
  KeWaitForSingleObject(&holder->let_go, Executive, KernelMode, FALSE, nullptr);
  ExReleaseResourceLite(holder->resource);
}

void start(Holder* holder, PERESOURCE resource, How how) {
  holder->resource = resource;
  holder->how = how;
  KeInitializeEvent(&holder->acquired, NotificationEvent, FALSE);
  KeInitializeEvent(&holder->let_go, NotificationEvent, FALSE);
  holder->thread = start_thread(hold, holder);
  let_others_run();
}

bool has_it(Holder* holder) {
  return is_signaled(&holder->acquired);
}

void finish(Holder* holder) {
  KeSetEvent(&holder->let_go, 0, FALSE);
  join(holder->thread);
}

struct Shared {
  ERESOURCE resource;
  LONG writers;
  LONG counter;
};

void NTAPI write(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 5; ++i) {
    ExAcquireResourceExclusiveLite(&shared->resource, TRUE);
    CHECK(++shared->writers == 1);
    const LONG value = shared->counter;
    YieldProcessor();
    shared->counter = value + 1;
    --shared->writers;
    ExReleaseResourceLite(&shared->resource);
  }
}

void NTAPI read(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 5; ++i) {
    ExAcquireResourceSharedLite(&shared->resource, TRUE);
    const LONG value = shared->counter;
    YieldProcessor();
    CHECK(shared->writers == 0 && shared->counter == value);
    ExReleaseResourceLite(&shared->resource);
  }
}

}  // namespace

TEST(resource_readers_and_writers) {
  Shared shared = {};
  CHECK(ExInitializeResourceLite(&shared.resource) == STATUS_SUCCESS);
  void* threads[] = {start_thread(write, &shared), start_thread(read, &shared), start_thread(write, &shared),
                     start_thread(read, &shared)};
  for (void* thread : threads) join(thread);
  CHECK(shared.counter == 10 && shared.resource.ActiveCount == 0);
  CHECK(ExDeleteResourceLite(&shared.resource) == STATUS_SUCCESS);
}

TEST(resource_is_recursive) {
  ERESOURCE resource;
  ExInitializeResourceLite(&resource);
  CHECK(acquire(&resource, How::exclusive, false));
  CHECK(acquire(&resource, How::exclusive, true));
  CHECK(acquire(&resource, How::shared, true));
  CHECK(acquire(&resource, How::starve, true));
  CHECK(acquire(&resource, How::wait_for_exclusive, true));
  CHECK(ExIsResourceAcquiredExclusiveLite(&resource) && ExIsResourceAcquiredSharedLite(&resource) == 5);
  ExConvertExclusiveToSharedLite(&resource);
  CHECK(!ExIsResourceAcquiredExclusiveLite(&resource) && ExIsResourceAcquiredSharedLite(&resource) == 5);
  CHECK(!acquire(&resource, How::exclusive, false)); /* a shared owner must let go first */
  for (int i = 0; i < 5; ++i) ExReleaseResourceLite(&resource);
  CHECK(ExIsResourceAcquiredSharedLite(&resource) == 0 && resource.ActiveCount == 0);
  CHECK(ExTryToAcquireResourceExclusiveLite(&resource));
  ExReleaseResourceForThreadLite(&resource, ExGetCurrentResourceThread());
  ExDeleteResourceLite(&resource);
}

TEST(resource_waiting_writer_and_the_kinds_of_readers) {
  ERESOURCE resource;
  Holder reader, writer, late_reader, starving;
  ExInitializeResourceLite(&resource);
  CHECK(acquire(&resource, How::shared, true));
  start(&reader, &resource, How::shared);
  CHECK(has_it(&reader) && resource.ActiveCount == 2);
  start(&writer, &resource, How::exclusive);
  CHECK(!has_it(&writer) && ExGetExclusiveWaiterCount(&resource) == 1);

  start(&late_reader, &resource, How::shared);
  CHECK(!has_it(&late_reader) && ExGetSharedWaiterCount(&resource) == 1);
  start(&starving, &resource, How::starve);
  CHECK(has_it(&starving));
  /* Who owns it already gets it again, but not when asking to wait for writers. */
  CHECK(acquire(&resource, How::shared, false));
  CHECK(!acquire(&resource, How::wait_for_exclusive, false));

  ExReleaseResourceLite(&resource);
  ExReleaseResourceLite(&resource);
  finish(&starving);
  finish(&reader);
  let_others_run();
  CHECK(has_it(&writer) && !has_it(&late_reader) && (resource.Flag & ResourceOwnedExclusive));
  CHECK(!acquire(&resource, How::shared, false) && !acquire(&resource, How::starve, false));
  finish(&writer);
  let_others_run();
  CHECK(has_it(&late_reader) && resource.ContentionCount == 2);
  finish(&late_reader);
  ExDeleteResourceLite(&resource);
}

TEST(resource_goes_from_a_writer_to_all_readers_first) {
  ERESOURCE resource;
  Holder writer, one, two;
  ExInitializeResourceLite(&resource);
  CHECK(acquire(&resource, How::exclusive, true));
  start(&writer, &resource, How::exclusive);
  start(&one, &resource, How::shared);
  start(&two, &resource, How::shared);
  CHECK(ExGetSharedWaiterCount(&resource) == 2 && ExGetExclusiveWaiterCount(&resource) == 1);
  ExReleaseResourceLite(&resource);
  let_others_run();
  CHECK(has_it(&one) && has_it(&two) && !has_it(&writer) && resource.ActiveCount == 2);
  finish(&one);
  CHECK(!has_it(&writer));
  finish(&two);
  let_others_run();
  CHECK(has_it(&writer));
  finish(&writer);
  ExDeleteResourceLite(&resource);
}

TEST(resource_converted_lets_readers_in) {
  ERESOURCE resource;
  Holder reader;
  ExInitializeResourceLite(&resource);
  CHECK(acquire(&resource, How::exclusive, true));
  start(&reader, &resource, How::shared);
  CHECK(!has_it(&reader));
  ExConvertExclusiveToSharedLite(&resource);
  let_others_run();
  CHECK(has_it(&reader));
  finish(&reader);
  ExReleaseResourceLite(&resource);
  ExDeleteResourceLite(&resource);
}

TEST(resource_owner_pointer) {
  ERESOURCE resource;
  ExInitializeResourceLite(&resource);
  const ERESOURCE_THREAD owner = (ERESOURCE_THREAD)&resource | 3;
  CHECK(acquire(&resource, How::exclusive, true));
  ExSetResourceOwnerPointer(&resource, (PVOID)owner);
  CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
  CHECK(!acquire(&resource, How::exclusive, false));
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  ExReleaseResourceForThreadLite(&resource, owner);
  KeLowerIrql(old);
  CHECK(acquire(&resource, How::exclusive, false));
  ExReleaseResourceLite(&resource);
  ExDeleteResourceLite(&resource);
}

/* The page wants the two low bits set for a thread as well. */
TEST(resource_owner_pointer_that_is_a_thread) {
  ERESOURCE resource;
  CHECK(ExInitializeResourceLite(&resource) == STATUS_SUCCESS);
  KeEnterCriticalRegion();
  CHECK(ExAcquireResourceExclusiveLite(&resource, TRUE));
  const ERESOURCE_THREAD owner = ExGetCurrentResourceThread() | 3;
  ExSetResourceOwnerPointerEx(&resource, (PVOID)owner, FLAG_OWNER_POINTER_IS_THREAD);
  ExReleaseResourceForThreadLite(&resource, owner);
  CHECK(ExAcquireResourceExclusiveLite(&resource, FALSE));
  ExReleaseResourceLite(&resource);
  KeLeaveCriticalRegion();
  CHECK(ExDeleteResourceLite(&resource) == STATUS_SUCCESS);
}

TEST(resource_critical_region_forms) {
  ERESOURCE resource;
  ExInitializeResourceLite(&resource);
  ExEnterCriticalRegionAndAcquireResourceExclusive(&resource);
  CHECK(KeAreApcsDisabled() && ExIsResourceAcquiredExclusiveLite(&resource));
  ExReleaseResourceAndLeaveCriticalRegion(&resource);
  CHECK(!KeAreApcsDisabled());
  ExEnterCriticalRegionAndAcquireResourceShared(&resource);
  CHECK(ExIsResourceAcquiredSharedLite(&resource) == 1 && !ExIsResourceAcquiredExclusiveLite(&resource));
  ExReleaseResourceAndLeaveCriticalRegion(&resource);
  CHECK(ExReinitializeResourceLite(&resource) == STATUS_SUCCESS);
  ExDeleteResourceLite(&resource);
}

TEST(resource_released_without_owning_it) {
  ERESOURCE resource;
  ExInitializeResourceLite(&resource);
  mach_test_expect_stop("released by T0, which does not own it");
  ExReleaseResourceLite(&resource);
}

TEST(resource_released_for_another_thread) {
  ERESOURCE resource;
  Holder holder;
  ExInitializeResourceLite(&resource);
  start(&holder, &resource, How::exclusive);
  mach_test_expect_stop("bug check 0X16E");
  ExReleaseResourceForThreadLite(&resource, (ERESOURCE_THREAD)holder.thread);
}

TEST(resource_deleted_while_owned) {
  ERESOURCE resource;
  ExInitializeResourceLite(&resource);
  acquire(&resource, How::shared, true);
  mach_test_expect_stop("deleted while it is owned");
  ExDeleteResourceLite(&resource);
}

TEST(resource_in_freed_pool) {
  auto* resource = (PERESOURCE)ExAllocatePoolWithTag(NonPagedPool, sizeof(ERESOURCE), 'tseT');
  ExInitializeResourceLite(resource);
  mach_test_expect_stop("Resource 1 freed before it was deleted");
  ExFreePool(resource);
}

namespace {

struct Crossed {
  ERESOURCE a, b;
  KEVENT b_is_held;
};

void NTAPI take_b_then_a(PVOID context) {
  auto* crossed = (Crossed*)context;
  ExAcquireResourceExclusiveLite(&crossed->b, TRUE);
  KeSetEvent(&crossed->b_is_held, 0, FALSE);
  ExAcquireResourceExclusiveLite(&crossed->a, TRUE);
}

}  // namespace

TEST(resource_deadlock_names_both_threads) {
  static Crossed crossed;
  ExInitializeResourceLite(&crossed.a);
  ExInitializeResourceLite(&crossed.b);
  KeInitializeEvent(&crossed.b_is_held, NotificationEvent, FALSE);
  mach_enter(CALLBACK_Unload, (const void*)take_b_then_a, 0, 0);
  ExAcquireResourceExclusiveLite(&crossed.a, TRUE);
  start_thread(take_b_then_a, &crossed);
  KeWaitForSingleObject(&crossed.b_is_held, Executive, KernelMode, FALSE, nullptr);
  mach_test_expect_stop(", which T5 holds; T5 waits for Resource");
  ExAcquireResourceExclusiveLite(&crossed.b, TRUE);
}

namespace {

/* On a client's thread. */
void acquire_in_region(void* resource) {
  KeEnterCriticalRegion();
  CHECK(acquire((PERESOURCE)resource, How::exclusive, true));
  KeLeaveCriticalRegion();
  ExReleaseResourceLite((PERESOURCE)resource);
}

}  // namespace

TEST(resource_with_apcs_on) {
  static ERESOURCE resource;
  ExInitializeResourceLite(&resource);
  mach_test_expect_stop("released while normal kernel APCs are on");
  mach_thread_create(acquire_in_region, &resource, MACH_THREAD_USER, nullptr, nullptr);
  let_others_run();
}

TEST(resource_initialised_twice) {
  ERESOURCE resource;
  ExInitializeResourceLite(&resource);
  mach_test_expect_stop("initialised again before ExDeleteResourceLite");
  ExInitializeResourceLite(&resource);
}
