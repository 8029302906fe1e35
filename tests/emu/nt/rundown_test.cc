#include "tests/emu/nt/check.h"

namespace {

struct Scene {
  EX_RUNDOWN_REF ref;
  LONG users;
  LONG gone;
};

void NTAPI use(PVOID context) {
  auto* scene = (Scene*)context;
  for (int i = 0; i < 5; ++i) {
    if (!ExAcquireRundownProtection(&scene->ref)) return;
    InterlockedIncrement(&scene->users);
    CHECK(scene->gone == 0);
    YieldProcessor();
    CHECK(scene->gone == 0);
    InterlockedDecrement(&scene->users);
    ExReleaseRundownProtection(&scene->ref);
  }
}

void NTAPI wait_too(PVOID context) {
  auto* scene = (Scene*)context;
  ExWaitForRundownProtectionRelease(&scene->ref);
  CHECK(scene->users == 0);
}

}  // namespace

TEST(rundown_waits_for_the_last_user) {
  Scene scene = {};
  ExInitializeRundownProtection(&scene.ref);
  void* a = start_thread(use, &scene);
  void* b = start_thread(use, &scene);
  ExWaitForRundownProtectionRelease(&scene.ref);
  CHECK(scene.users == 0);
  scene.gone = 1;
  CHECK(!ExAcquireRundownProtection(&scene.ref));
  join(a);
  join(b);
  ExWaitForRundownProtectionRelease(&scene.ref);
  ExRundownCompleted(&scene.ref);
  CHECK(!ExAcquireRundownProtectionEx(&scene.ref, 3));
  ExReInitializeRundownProtection(&scene.ref);
  CHECK(ExAcquireRundownProtectionEx(&scene.ref, 3));
  ExReleaseRundownProtectionEx(&scene.ref, 3);
  CHECK(scene.ref.Count == 0);
}

TEST(rundown_two_threads_wait) {
  Scene scene = {};
  ExInitializeRundownProtection(&scene.ref);
  CHECK(ExAcquireRundownProtection(&scene.ref));
  scene.users = 1;
  void* a = start_thread(wait_too, &scene);
  void* b = start_thread(wait_too, &scene);
  let_others_run();
  scene.users = 0;
  ExReleaseRundownProtection(&scene.ref);
  join(a);
  join(b);
}

TEST(rundown_cache_aware) {
  PEX_RUNDOWN_REF_CACHE_AWARE ref = ExAllocateCacheAwareRundownProtection(NonPagedPool, 'tseT');
  CHECK(ref);
  CHECK(ExAcquireRundownProtectionCacheAware(ref) && ExAcquireRundownProtectionCacheAwareEx(ref, 2));
  ExReleaseRundownProtectionCacheAwareEx(ref, 2);
  ExReleaseRundownProtectionCacheAware(ref);
  ExWaitForRundownProtectionReleaseCacheAware(ref);
  CHECK(!ExAcquireRundownProtectionCacheAware(ref));
  ExReInitializeRundownProtectionCacheAware(ref);
  CHECK(ExAcquireRundownProtectionCacheAware(ref));
  ExReleaseRundownProtectionCacheAware(ref);
  ExRundownCompletedCacheAware(ref);
  CHECK(!ExAcquireRundownProtectionCacheAware(ref));
  ExFreeCacheAwareRundownProtection(ref);
}

TEST(rundown_released_too_often) {
  Scene scene = {};
  ExInitializeRundownProtection(&scene.ref);
  mach_test_expect_stop("bug check 0X139 (0xe");
  ExReleaseRundownProtection(&scene.ref);
}
