/* The power manager: requests that drivers make of themselves, and the states they report. */
#include "emu/nt/device.h"
#include "emu/nt/file.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/pnp.h"

namespace nt {
namespace {

/* A request of PoRequestPowerIrp. */
struct PowerRequest {
  IrpRecord* record;
  PDEVICE_OBJECT device; /* as the driver named it */
  POWER_STATE state;
  UCHAR minor;
  PREQUEST_POWER_COMPLETE completion;
  PVOID context;
};

/* The state that was last reported of a device, and its idle counter. */
struct DevicePower {
  DevicePower* next;
  m_u32 device; /* its number: another one may get its memory later */
  POWER_STATE state;
  ULONG idle; /* counts up on Windows while nobody resets it; here no device is ever idle for long enough */
};

DevicePower* devices;

DevicePower* power_of(PDEVICE_OBJECT device) {
  const m_u32 object = device_object(device);
  for (DevicePower* one = devices; one; one = one->next)
    if (one->device == object) return one;
  auto* one = (DevicePower*)mach_pool_alloc(sizeof(DevicePower), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  one->device = object;
  one->state.DeviceState = PowerDeviceD0;
  one->next = devices;
  return devices = one;
}

void after_power(IrpRecord* record, NTSTATUS status, ULONG_PTR information) {
  auto* request = (PowerRequest*)record->context;
  if (request->completion) {
    IO_STATUS_BLOCK iosb{};
    iosb.Status = status;
    iosb.Information = information;
    const m_u32 object = device_object(request->device);
    mach_enter(CALLBACK_Completion, (const void*)request->completion, object, 0);
    request->completion(request->device, request->minor, request->state, request->context, &iosb);
    mach_leave(CALLBACK_Completion, object, 0);
  }
  io_dereference_object(request->device);
  mach_pool_free(request, 0, nullptr);
}

void send(void* context) {
  auto* request = (PowerRequest*)context;
  send_request(request->device, request->record);
}

void send_from_thread(void* context) {
  send(context);
  mach_thread_exit();
}

void fill(PIO_STACK_LOCATION location, UCHAR minor, POWER_STATE state) {
  if (minor == IRP_MN_WAIT_WAKE) {
    location->Parameters.WaitWake.PowerState = state.SystemState;
    return;
  }
  location->Parameters.Power.Type = DevicePowerState;
  location->Parameters.Power.State = state;
  location->Parameters.Power.ShutdownType = PowerActionNone;
}

/* Power requests of devices whose code may be paged are sent at PASSIVE_LEVEL. */
void dispatch(PowerRequest* request) {
  const bool pageable = (top_of_stack(request->device)->Flags & DO_POWER_PAGABLE) != 0;
  if (pageable && mach_irql() > PASSIVE_LEVEL)
    mach_thread_create(send_from_thread, request, MACH_THREAD_WORKER, nullptr, nullptr);
  else
    send(request);
}

NTSTATUS request_power(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PREQUEST_POWER_COMPLETE completion,
                       PVOID context, PIRP* irp) {
  if (minor != IRP_MN_SET_POWER && minor != IRP_MN_QUERY_POWER && minor != IRP_MN_WAIT_WAKE)
    return STATUS_INVALID_PARAMETER_2;
  if (!find_device(device) || find_device(device)->gone) return STATUS_INVALID_PARAMETER_1;
  auto* request = (PowerRequest*)mach_pool_alloc(sizeof(PowerRequest), 0, MACH_POOL_KERNEL, nullptr);
  IrpRecord* record = make_system_request(device, IRP_MJ_POWER, minor, 0);
  *request = {record, device, state, minor, completion, context};
  record->origin = IrpOrigin::power;
  record->context = request;
  record->done = after_power;
  fill(next_location(record->irp), minor, state);
  io_reference_object(device);
  if (irp) *irp = record->irp; /* before anybody can complete it */
  dispatch(request);
  return STATUS_PENDING;
}

POWER_STATE set_state(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state) {
  DevicePower* power = power_of(device);
  if (type != DevicePowerState) return state; /* only device states are kept */
  const POWER_STATE old = power->state;
  power->state = state;
  return old;
}

}  // namespace

void reset_power() {
  devices = nullptr;
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState,
                                             PREQUEST_POWER_COMPLETE CompletionFunction, PVOID Context, PIRP* Irp) {
  DDI_ENTER(PoRequestPowerIrp, DeviceObject);
  if (Irp && MinorFunction != IRP_MN_WAIT_WAKE)
    mach_violation("RequestedPowerIrp", "PoRequestPowerIrp is asked for the IRP of a request other than IRP_MN_WAIT_WAKE",
                   nt::device_object(DeviceObject), ddi.pc());
  return nt::request_power(DeviceObject, MinorFunction, PowerState, CompletionFunction, Context, Irp);
}

NTKERNELAPI POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type, POWER_STATE State) {
  DDI_ENTER(PoSetPowerState, DeviceObject);
  if (mach_irql() > APC_LEVEL && Type == DevicePowerState && State.DeviceState != PowerDeviceD0)
    mach_irql_violation("PoSetPowerState to another state than D0 above APC_LEVEL", nt::device_object(DeviceObject),
                        ddi.pc());
  return nt::set_state(DeviceObject, Type, State);
}

/* No device is ever idle for long enough. With both times zero idle detection ends. */
NTKERNELAPI PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject, ULONG ConservationIdleTime,
                                                          ULONG PerformanceIdleTime, DEVICE_POWER_STATE) {
  DDI_ENTER(PoRegisterDeviceForIdleDetection, DeviceObject);
  if (!ConservationIdleTime && !PerformanceIdleTime) return nullptr;
  return &nt::power_of(DeviceObject)->idle;
}

NTKERNELAPI VOID NTAPI PoSetDeviceBusyEx(PULONG IdlePointer) {
  DDI_ENTER(PoSetDeviceBusyEx, nullptr);
  *IdlePointer = 0;
}

NTKERNELAPI VOID NTAPI PoStartDeviceBusy(PULONG IdlePointer) {
  DDI_ENTER(PoStartDeviceBusy, nullptr);
  *IdlePointer = 0;
}

NTKERNELAPI VOID NTAPI PoEndDeviceBusy(PULONG IdlePointer) {
  DDI_ENTER(PoEndDeviceBusy, nullptr);
  *IdlePointer = 0;
}

/* The emulated system never goes to sleep by itself, so there is nothing that this could prevent. */
NTKERNELAPI PVOID NTAPI PoRegisterSystemState(PVOID StateHandle, EXECUTION_STATE) {
  DDI_ENTER(PoRegisterSystemState, nullptr);
  static char state;
  return StateHandle ? StateHandle : &state;
}

NTKERNELAPI VOID NTAPI PoUnregisterSystemState(PVOID) {
  DDI_ENTER(PoUnregisterSystemState, nullptr);
}

NTKERNELAPI VOID NTAPI PoSetSystemState(EXECUTION_STATE) {
  DDI_ENTER(PoSetSystemState, nullptr);
}

NTKERNELAPI VOID NTAPI PoSetSystemWake(PIRP) {
  DDI_ENTER(PoSetSystemWake, nullptr);
}

/* No power request is ever the one that woke the system. */
NTKERNELAPI BOOLEAN NTAPI PoGetSystemWake(PIRP) {
  DDI_ENTER(PoGetSystemWake, nullptr);
  return FALSE;
}

}  // extern "C"
