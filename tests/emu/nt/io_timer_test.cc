#include "tests/emu/nt/check.h"

#include "emu/nt/io_timer.h"

namespace {

struct Scene {
  LONG calls;
  KEVENT called;
  PDEVICE_OBJECT device;
};

void NTAPI tick(PDEVICE_OBJECT device, PVOID context) {
  auto* scene = (Scene*)context;
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && device == scene->device);
  ++scene->calls;
  KeSetEvent(&scene->called, 0, FALSE);
}

}  // namespace

TEST(io_timer_ticks_once_a_second) {
  DEVICE_OBJECT device = {};
  Scene scene = {0, {}, &device};
  KeInitializeEvent(&scene.called, SynchronizationEvent, FALSE);
  LARGE_INTEGER before, after;
  CHECK(IoInitializeTimer(&device, tick, &scene) == STATUS_SUCCESS);
  KeQuerySystemTime(&before);
  IoStartTimer(&device);
  for (int i = 0; i < 3; ++i) KeWaitForSingleObject(&scene.called, Executive, KernelMode, FALSE, nullptr);
  IoStopTimer(&device);
  const LONG calls = scene.calls;
  KeQuerySystemTime(&after);
  CHECK(calls >= 3 && after.QuadPart - before.QuadPart >= 3 * 10000000);
  LARGE_INTEGER pause = milliseconds(5000);
  KeDelayExecutionThread(KernelMode, FALSE, &pause);
  CHECK(scene.calls == calls);
  IoStartTimer(&device);
  scene.calls = 0;
  KeClearEvent(&scene.called);
  KeWaitForSingleObject(&scene.called, Executive, KernelMode, FALSE, nullptr);
  nt::io_timer_gone(&device);
  KeDelayExecutionThread(KernelMode, FALSE, &pause);
  CHECK(scene.calls >= 1 && device.Timer == nullptr);
}

TEST(io_timer_that_was_not_initialised) {
  DEVICE_OBJECT device = {};
  mach_test_expect_stop("bug check 0XA");
  IoStartTimer(&device);
}
