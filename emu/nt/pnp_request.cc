/* The PnP and power requests that the scenario asks for: what the PnP manager could send in the device's state. */
#include "emu/nt/bus.h"
#include "emu/nt/device.h"
#include "emu/nt/file.h"
#include "emu/nt/pnp.h"

namespace nt {
namespace {

/* A request with nothing but parameters, and what becomes of its answer. */
struct Query {
  const Request* request;
  void* buffer; /* freed with the request */
};

GUID guid_of(const Request& r) {
  GUID guid = {0x496b8280, 0x6f25, 0x11d0, {0xbe, 0xaf, 0x08, 0x00, 0x2b, 0xe2, 0x09, 0x2f}}; /* BUS_INTERFACE_STANDARD */
  if (r.in_size >= sizeof guid) __builtin_memcpy(&guid, r.in, sizeof guid);
  return guid;
}

void* zeroed(SIZE_T size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

constexpr SIZE_T kInterfaceBytes = 256;

void fill_interface(PIO_STACK_LOCATION location, Query& query) {
  auto* memory = (GUID*)(query.buffer = zeroed(kInterfaceBytes + sizeof(GUID)));
  *memory = guid_of(*query.request);
  auto& p = location->Parameters.QueryInterface;
  p.InterfaceType = memory;
  p.Size = (USHORT)(query.request->out_size && query.request->out_size < kInterfaceBytes ? query.request->out_size : kInterfaceBytes);
  p.Version = 1;
  p.Interface = (PINTERFACE)(memory + 1);
}

void fill_query(PIO_STACK_LOCATION location, void* context) {
  auto& query = *(Query*)context;
  const ULONG code = query.request->code;
  auto& p = location->Parameters;
  switch (location->MinorFunction) {
    case IRP_MN_QUERY_CAPABILITIES: {
      auto* capabilities = (PDEVICE_CAPABILITIES)(query.buffer = zeroed(sizeof(DEVICE_CAPABILITIES)));
      capabilities->Size = sizeof(DEVICE_CAPABILITIES);
      capabilities->Version = 1;
      capabilities->Address = capabilities->UINumber = (ULONG)-1;
      p.DeviceCapabilities.Capabilities = capabilities;
      break;
    }
    case IRP_MN_QUERY_DEVICE_RELATIONS: {
      static const DEVICE_RELATION_TYPE types[] = {TargetDeviceRelation, BusRelations, EjectionRelations, PowerRelations,
                                                   RemovalRelations};
      p.QueryDeviceRelations.Type = types[code % 5];
      break;
    }
    case IRP_MN_QUERY_ID: {
      static const BUS_QUERY_ID_TYPE types[] = {BusQueryDeviceID, BusQueryHardwareIDs, BusQueryCompatibleIDs,
                                                BusQueryInstanceID, BusQueryContainerID};
      p.QueryId.IdType = types[code % 5];
      break;
    }
    case IRP_MN_QUERY_DEVICE_TEXT:
      p.QueryDeviceText.DeviceTextType = code % 2 ? DeviceTextLocationInformation : DeviceTextDescription;
      p.QueryDeviceText.LocaleId = 0x409;
      break;
    case IRP_MN_QUERY_INTERFACE:
      fill_interface(location, query);
      break;
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
      p.UsageNotification.InPath = (code & 4) == 0;
      p.UsageNotification.Type = (DEVICE_USAGE_NOTIFICATION_TYPE)(DeviceUsageTypePaging + code % 3);
      break;
    default:
      break;
  }
}

/* A pointer to anything but a device object says nothing. */
void free_relation(PDEVICE_OBJECT device, bool target) {
  if (const m_u32 object = device_object(device)) {
    if (target && !bus_owns(device)) mach_event(EVENT_TargetRelation, object, 0, 0, nullptr);
    mach_event(EVENT_Reference, object, 0, 0, nullptr);
  }
  io_dereference_object(device);
}

/* Whoever asked frees what a driver answers with. */
void free_answer(m_u8 minor, NTSTATUS status, ULONG_PTR information, const Query& query) {
  if (!NT_SUCCESS(status)) return;
  if (minor == IRP_MN_QUERY_INTERFACE) {
    auto* face = (PINTERFACE)((GUID*)query.buffer + 1);
    if (face->InterfaceDereference) face->InterfaceDereference(face->Context);
    return;
  }
  if (!information) return;
  switch (minor) {
    case IRP_MN_QUERY_DEVICE_RELATIONS: {
      auto* relations = (PDEVICE_RELATIONS)information;
      const bool target = query.request->code % 5 == 0;
      for (ULONG i = 0; i < relations->Count; ++i) free_relation(relations->Objects[i], target);
      mach_pool_free(relations, 0, nullptr);
      break;
    }
    case IRP_MN_QUERY_ID:
    case IRP_MN_QUERY_DEVICE_TEXT:
    case IRP_MN_QUERY_BUS_INFORMATION:
    case IRP_MN_QUERY_RESOURCES:
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
      mach_pool_free((void*)information, 0, nullptr);
      break;
    default:
      break;
  }
}

NTSTATUS query(DevNode* node, const Request& r) {
  if (node->state != PnpState::started) return STATUS_INVALID_DEVICE_STATE;
  if (r.minor == IRP_MN_QUERY_DEVICE_RELATIONS && r.code % 5 == 1) return pnp_enumerate(node, r.op);
  Query asked{&r, nullptr};
  ULONG_PTR information = 0;
  const NTSTATUS status = pnp_send(node, r.minor, r.op, fill_query, &asked, &information);
  free_answer(r.minor, status, information, asked);
  if (asked.buffer) mach_pool_free(asked.buffer, 0, nullptr);
  return status;
}

/* A parent stops after its children, and is started before them: a stack with living children is not stopped. */
bool has_children(const DevNode* node) {
  for (const DevNode* child = pnp_first_node(); child; child = child->next)
    if (child->parent == node && child->state != PnpState::removed && child->state != PnpState::found) return true;
  return false;
}

NTSTATUS change_state(DevNode* node, const Request& r) {
  const PnpState state = node->state;
  switch (r.minor) {
    case IRP_MN_START_DEVICE:
      if (state == PnpState::added || state == PnpState::stopped) return pnp_start(node, r.op);
      break;
    case IRP_MN_QUERY_STOP_DEVICE:
      if (state == PnpState::started && !has_children(node)) {
        const NTSTATUS status = pnp_send(node, r.minor, r.op);
        /* Who refuses is told that it was not meant, too. */
        if (!NT_SUCCESS(status)) pnp_send(node, IRP_MN_CANCEL_STOP_DEVICE, 0);
        return status;
      }
      break;
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
      if (state == PnpState::stop_pending) return pnp_send(node, r.minor, r.op);
      break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
      if (state == PnpState::started) return pnp_query_remove(node, r.op);
      break;
    case IRP_MN_CANCEL_REMOVE_DEVICE:
      if (state != PnpState::remove_pending) break;
      pnp_cancel_remove(node, r.op);
      return STATUS_SUCCESS;
    case IRP_MN_SURPRISE_REMOVAL:
      if (state < PnpState::started || state > PnpState::remove_pending) break;
      pnp_surprise_remove(node, r.op);
      return STATUS_SUCCESS;
    case IRP_MN_REMOVE_DEVICE:
      if (state == PnpState::added || state == PnpState::remove_pending || state == PnpState::surprise_removed)
        if (!pnp_is_open(node)) return pnp_remove(node, r.op);
      break;
  }
  return STATUS_INVALID_DEVICE_STATE;
}

bool is_query(m_u8 minor) {
  switch (minor) {
    case IRP_MN_QUERY_CAPABILITIES:
    case IRP_MN_QUERY_DEVICE_RELATIONS:
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
    case IRP_MN_QUERY_ID:
    case IRP_MN_QUERY_DEVICE_TEXT:
    case IRP_MN_QUERY_BUS_INFORMATION:
    case IRP_MN_QUERY_RESOURCES:
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
    case IRP_MN_QUERY_INTERFACE:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
      return true;
    default:
      return false;
  }
}

}  // namespace

NTSTATUS pnp_request(const Request& request, PDEVICE_OBJECT pdo) {
  pnp_lock_tree();
  DevNode* node = pnp_node(pdo); /* others may have removed it meanwhile */
  NTSTATUS status = STATUS_INVALID_DEVICE_STATE;
  if (node) status = is_query(request.minor) ? query(node, request) : change_state(node, request);
  pnp_unlock_tree();
  return status;
}

NTSTATUS power_request(const Request& request, PDEVICE_OBJECT pdo) {
  if (request.minor != IRP_MN_SET_POWER && request.minor != IRP_MN_QUERY_POWER) return STATUS_INVALID_PARAMETER;
  if (!pnp_accepts_requests(pdo)) return STATUS_INVALID_DEVICE_STATE;
  DevNode* node = pnp_node(pdo);
  m_u32 state = PowerSystemWorking + request.code % (PowerSystemShutdown - PowerSystemWorking + 1);
  /* From one sleeping state to another the way leads through the working one. */
  if (node->system_power != PowerSystemWorking) state = PowerSystemWorking;
  if (request.minor == IRP_MN_SET_POWER) node->system_power = (SYSTEM_POWER_STATE)state;
  IrpRecord* record = make_system_request(pdo, IRP_MJ_POWER, request.minor, request.op);
  auto& power = next_location(record->irp)->Parameters.Power;
  power.Type = SystemPowerState;
  power.State.SystemState = (SYSTEM_POWER_STATE)state;
  power.ShutdownType = state == PowerSystemWorking ? PowerActionNone : PowerActionSleep;
  return send_request(pdo, record);
}

}  // namespace nt
