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

PIRP request(Power* power, UCHAR minor, POWER_STATE state) {
  PIRP irp = nullptr;
  KeInitializeEvent(&power->done, NotificationEvent, FALSE);
  CHECK(PoRequestPowerIrp(bus_pdo, minor, state, power_done, power, minor == IRP_MN_WAIT_WAKE ? &irp : nullptr) == STATUS_PENDING);
  return irp;
}

void wait_for(Power* power) {
  KeWaitForSingleObject(&power->done, Executive, KernelMode, FALSE, nullptr);
}

POWER_STATE device_state(DEVICE_POWER_STATE device) {
  POWER_STATE state;
  state.DeviceState = device;
  return state;
}

}  // namespace

TEST(power_requests_of_a_driver) {
  load(false);
  Power power;
  POWER_STATE state = device_state(PowerDeviceD3);
  request(&power, IRP_MN_SET_POWER, state);
  wait_for(&power);
  CHECK(power.status == STATUS_SUCCESS);
  CHECK(PoSetPowerState(bus, DevicePowerState, state).DeviceState == PowerDeviceD0);
  state = device_state(PowerDeviceD0);
  CHECK(PoSetPowerState(bus, DevicePowerState, state).DeviceState == PowerDeviceD3);
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_POWER_SEQUENCE, state, nullptr, nullptr, nullptr) == STATUS_INVALID_PARAMETER_2);
  nt_remove_device();
}

TEST(power_requests_above_passive_level_come_later) {
  load(false);
  Power power;
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  request(&power, IRP_MN_SET_POWER, device_state(PowerDeviceD3));
  CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
  wait_for(&power);
  CHECK(power.status == STATUS_SUCCESS);
  nt_remove_device();
}

TEST(wait_wake_ends_when_it_is_cancelled) {
  load(false);
  Power power;
  POWER_STATE state;
  state.SystemState = PowerSystemSleeping3;
  PIRP irp = request(&power, IRP_MN_WAIT_WAKE, state);
  CHECK(!is_signaled(&power.done));
  CHECK(IoCancelIrp(irp));
  wait_for(&power);
  CHECK(power.status == STATUS_CANCELLED);
  nt_remove_device();
}
