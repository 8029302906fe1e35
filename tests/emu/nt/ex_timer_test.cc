#include "tests/emu/nt/check.h"

namespace {

struct Scene {
  LONG calls;
  LONG deleted;
  bool inside;
  KEVENT called;
  KEVENT gone;
};

void NTAPI tick(PEX_TIMER, PVOID context) {
  auto* scene = (Scene*)context;
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && scene->deleted == 0);
  scene->inside = true;
  YieldProcessor();
  ++scene->calls;
  KeSetEvent(&scene->called, 0, FALSE);
  scene->inside = false;
}

void NTAPI deleted(PVOID context) {
  auto* scene = (Scene*)context;
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && !scene->inside);
  ++scene->deleted;
  KeSetEvent(&scene->gone, 0, FALSE);
}

void init(Scene* scene) {
  *scene = {};
  KeInitializeEvent(&scene->called, SynchronizationEvent, FALSE);
  KeInitializeEvent(&scene->gone, NotificationEvent, FALSE);
}

}  // namespace

TEST(ex_timer_once_and_again) {
  Scene scene;
  init(&scene);
  PEX_TIMER timer = ExAllocateTimer(tick, &scene, EX_TIMER_NOTIFICATION);
  CHECK(timer);
  CHECK(!ExSetTimer(timer, -50000, 0, nullptr));
  CHECK(ExSetTimer(timer, -50000, 0, nullptr));
  CHECK(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  KeWaitForSingleObject(&scene.called, Executive, KernelMode, FALSE, nullptr);
  CHECK(scene.calls == 1 && !ExCancelTimer(timer, nullptr));
  CHECK(is_signaled(timer));
  ExSetTimer(timer, -50000, 0, nullptr);
  CHECK(!is_signaled(timer));
  CHECK(ExCancelTimer(timer, nullptr));
  CHECK(!ExDeleteTimer(timer, TRUE, TRUE, nullptr));
}

/* When ExDeleteTimer has waited, the callback is over and the delete callback was made. */
TEST(ex_timer_periodic_is_deleted_and_waited_for) {
  Scene scene;
  init(&scene);
  PEX_TIMER timer = ExAllocateTimer(tick, &scene, 0);
  ExSetTimer(timer, -10000, 10000, nullptr);
  for (int i = 0; i < 3; ++i) KeWaitForSingleObject(&scene.called, Executive, KernelMode, FALSE, nullptr);
  EXT_DELETE_PARAMETERS parameters;
  ExInitializeDeleteTimerParameters(&parameters);
  parameters.DeleteCallback = deleted;
  parameters.DeleteContext = &scene;
  CHECK(ExDeleteTimer(timer, TRUE, TRUE, &parameters));
  CHECK(scene.deleted == 1 && scene.calls >= 3 && !scene.inside);
}

TEST(ex_timer_deleted_when_it_has_expired) {
  Scene scene;
  init(&scene);
  PEX_TIMER timer = ExAllocateTimer(tick, &scene, 0);
  ExSetTimer(timer, -10000, 0, nullptr);
  EXT_DELETE_PARAMETERS parameters;
  ExInitializeDeleteTimerParameters(&parameters);
  parameters.DeleteCallback = deleted;
  parameters.DeleteContext = &scene;
  CHECK(!ExDeleteTimer(timer, FALSE, FALSE, &parameters));
  KeWaitForSingleObject(&scene.gone, Executive, KernelMode, FALSE, nullptr);
  CHECK(scene.calls == 1 && scene.deleted == 1);
}

TEST(ex_timer_without_callback_wakes_one) {
  PEX_TIMER timer = ExAllocateTimer(nullptr, nullptr, EX_TIMER_HIGH_RESOLUTION);
  ExSetTimer(timer, -10000, 0, nullptr);
  CHECK(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS);
  CHECK(!is_signaled(timer));
  ExDeleteTimer(timer, TRUE, FALSE, nullptr);
}
