#include "tests/emu/nt/check.h"

namespace {

struct Removal {
  IO_REMOVE_LOCK lock;
  bool over;
};

void NTAPI remove_it(PVOID context) {
  auto* removal = (Removal*)context;
  CHECK(IoAcquireRemoveLock(&removal->lock, nullptr) == STATUS_SUCCESS);
  IoReleaseRemoveLockAndWait(&removal->lock, nullptr);
  removal->over = true;
}

}  // namespace

TEST(remove_lock_waits_for_the_last_user) {
  Removal removal{};
  IoInitializeRemoveLock(&removal.lock, 'tset', 0, 0);
  CHECK(IoAcquireRemoveLock(&removal.lock, nullptr) == STATUS_SUCCESS);
  void* thread = start_thread(remove_it, &removal);
  let_others_run();
  CHECK(!removal.over);
  CHECK(IoAcquireRemoveLock(&removal.lock, nullptr) == STATUS_DELETE_PENDING);
  IoReleaseRemoveLock(&removal.lock, nullptr);
  join(thread);
  CHECK(removal.over);
  CHECK(mach_test_events(EVENT_RemoveAcquire, ~0ull, STATUS_SUCCESS) == 2);
  CHECK(mach_test_events(EVENT_RemoveAcquire, ~0ull, (m_u32)STATUS_DELETE_PENDING) == 1);
  CHECK(mach_test_events(EVENT_RemoveRelease, ~0ull, 0) == 1 && mach_test_events(EVENT_RemoveRelease, ~0ull, 1) == 1);
}
