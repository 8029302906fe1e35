#include "tests/emu/nt/check.h"

namespace {

void* tag(ULONG_PTR number) { return (void*)number; }

struct Scene {
  IO_REMOVE_LOCK lock;
  bool waited;
};

void NTAPI wait_for_the_last(PVOID context) {
  auto* scene = (Scene*)context;
  CHECK(IoAcquireRemoveLock(&scene->lock, tag(9)) == STATUS_SUCCESS);
  IoReleaseRemoveLockAndWait(&scene->lock, tag(9));
  scene->waited = true;
}

}  // namespace

TEST(remove_lock_waits_for_the_last_user) {
  Scene scene{};
  IoInitializeRemoveLock(&scene.lock, 'tset', 0, 0);
  CHECK(IoAcquireRemoveLock(&scene.lock, tag(1)) == STATUS_SUCCESS);
  CHECK(IoAcquireRemoveLock(&scene.lock, tag(2)) == STATUS_SUCCESS);
  void* waiter = start_thread(wait_for_the_last, &scene);
  let_others_run();
  IoReleaseRemoveLock(&scene.lock, tag(2)); /* in any order */
  let_others_run();
  CHECK(!scene.waited);
  CHECK(IoAcquireRemoveLock(&scene.lock, tag(3)) == STATUS_DELETE_PENDING);
  IoReleaseRemoveLock(&scene.lock, tag(1));
  join(waiter);
  CHECK(scene.waited);
}

TEST(remove_lock_is_acquired_more_than_once_with_a_tag) {
  Scene scene{};
  IoInitializeRemoveLock(&scene.lock, 'tset', 0, 0);
  for (int i = 0; i < 3; ++i) CHECK(IoAcquireRemoveLock(&scene.lock, nullptr) == STATUS_SUCCESS);
  for (int i = 0; i < 3; ++i) IoReleaseRemoveLock(&scene.lock, nullptr);
  mach_test_expect_stop("is not held with that tag");
  IoReleaseRemoveLock(&scene.lock, nullptr);
}

TEST(remove_lock_compares_tags) {
  Scene scene{};
  IoInitializeRemoveLock(&scene.lock, 'tset', 0, 0);
  CHECK(IoAcquireRemoveLock(&scene.lock, tag(1)) == STATUS_SUCCESS);
  mach_test_expect_stop("is not held with that tag");
  IoReleaseRemoveLock(&scene.lock, tag(2));
}

TEST(remove_lock_waits_only_with_an_acquisition) {
  Scene scene{};
  IoInitializeRemoveLock(&scene.lock, 'tset', 0, 0);
  mach_test_expect_stop("is not held with that tag");
  IoReleaseRemoveLockAndWait(&scene.lock, tag(1));
}

TEST(remove_lock_made_anew_while_it_is_held) {
  Scene scene{};
  IoInitializeRemoveLock(&scene.lock, 'tset', 0, 0);
  CHECK(IoAcquireRemoveLock(&scene.lock, tag(1)) == STATUS_SUCCESS);
  mach_test_expect_stop("LockReinitialized: RemoveLock 1 initialised while it is acquired");
  IoInitializeRemoveLock(&scene.lock, 'tset', 0, 0);
}
