/* Power requests that a driver makes of itself. */
#include "tests/emu/nt/test_bus.h"

namespace {

struct Power {
  KEVENT done;
  NTSTATUS status;
};

void NTAPI power_done(PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID context, PIO_STATUS_BLOCK iosb) {
  auto* power = (Power*)context;
  power->status = iosb->Status;
  KeSetEvent(&power->done, 0, FALSE);
}

}  // namespace

TEST(power_requests_of_a_driver) {
  load(false);
  Power power;
  KeInitializeEvent(&power.done, NotificationEvent, FALSE);
  POWER_STATE state;
  state.DeviceState = PowerDeviceD3;
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_SET_POWER, state, power_done, &power, nullptr) == STATUS_PENDING);
  KeWaitForSingleObject(&power.done, Executive, KernelMode, FALSE, nullptr);
  CHECK(power.status == STATUS_SUCCESS);
  CHECK(PoSetPowerState(bus, DevicePowerState, state).DeviceState == PowerDeviceD0);
  state.DeviceState = PowerDeviceD0;
  CHECK(PoSetPowerState(bus, DevicePowerState, state).DeviceState == PowerDeviceD3);
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_POWER_SEQUENCE, state, nullptr, nullptr, nullptr) == STATUS_INVALID_PARAMETER_2);
  nt_remove_device();
}

TEST(power_requests_above_passive_level_come_later) {
  load(false);
  Power power;
  KeInitializeEvent(&power.done, NotificationEvent, FALSE);
  POWER_STATE state;
  state.DeviceState = PowerDeviceD3;
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_SET_POWER, state, power_done, &power, nullptr) == STATUS_PENDING);
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
  KeWaitForSingleObject(&power.done, Executive, KernelMode, FALSE, nullptr);
  nt_remove_device();
}

TEST(wait_wake_ends_when_it_is_cancelled) {
  load(false);
  Power power;
  KeInitializeEvent(&power.done, NotificationEvent, FALSE);
  POWER_STATE state;
  state.SystemState = PowerSystemSleeping3;
  PIRP irp = nullptr;
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_WAIT_WAKE, state, power_done, &power, &irp) == STATUS_PENDING);
  CHECK(!is_signaled(&power.done));
  CHECK(IoCancelIrp(irp));
  KeWaitForSingleObject(&power.done, Executive, KernelMode, FALSE, nullptr);
  CHECK(power.status == STATUS_CANCELLED);
  nt_remove_device();
}
