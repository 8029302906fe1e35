/* WMI: which devices offer data, and the requests that reach them. */
extern "C" {
#include <ntifs.h>
#include <ntddk.h>
#include <wmistr.h>
}
#include "emu/nt/device.h"
#include "emu/nt/file.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/pnp.h"

namespace nt {
namespace {

/* A device that registered. */
struct Provider {
  Provider* next; /* in order of registration */
  PDEVICE_OBJECT device;
  m_u32 object;    /* its number: another device may get its memory later */
  bool registered;
  m_u32 requests;  /* on their way */
  m_u32 waiter;    /* thread that deregisters and waits for them, plus 1, or 0 */
  WMIREGGUID* guids; /* what it answered when it was asked, or null */
  ULONG guid_count;
};

constexpr ULONG kRegistrationBytes = 4096;

Provider* providers;
ULONG next_instance;

Provider* find(PDEVICE_OBJECT device) {
  const m_u32 object = device_object(device);
  for (Provider* one = providers; one; one = one->next)
    if (one->object == object && one->registered) return one;
  return nullptr;
}

Provider* provider_at(m_u32 index) {
  m_u32 count = 0;
  for (Provider* one = providers; one; one = one->next) count += one->registered;
  if (!count) return nullptr;
  index %= count;
  for (Provider* one = providers; one; one = one->next)
    if (one->registered && index-- == 0) return one;
  return nullptr;
}

/* --- requests ------------------------------------------------------------------------------------------------------------ */

struct Sent {
  Provider* provider;
  void* memory; /* GUID, then buffer */
};

void request_ends(Provider* provider) {
  if (--provider->requests == 0 && provider->waiter) mach_wake(provider->waiter - 1, 0);
}

void after_request(IrpRecord* record, NTSTATUS, ULONG_PTR) {
  auto* sent = (Sent*)record->context;
  request_ends(sent->provider);
  mach_pool_free(sent->memory, 0, nullptr);
  mach_pool_free(sent, 0, nullptr);
}

struct Ask {
  Provider* provider;
  UCHAR minor;
  m_u32 op;
  const GUID* guid;
  const m_u8* data;
  ULONG data_size, room;
};

/* The fixed part that a request of that kind has before its data. */
ULONG header_bytes(UCHAR minor) {
  switch (minor) {
    case IRP_MN_QUERY_ALL_DATA: return sizeof(WNODE_ALL_DATA);
    case IRP_MN_QUERY_SINGLE_INSTANCE:
    case IRP_MN_CHANGE_SINGLE_INSTANCE: return FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData);
    case IRP_MN_CHANGE_SINGLE_ITEM: return FIELD_OFFSET(WNODE_SINGLE_ITEM, VariableData);
    case IRP_MN_EXECUTE_METHOD: return FIELD_OFFSET(WNODE_METHOD_ITEM, VariableData);
    default: return sizeof(WNODE_HEADER);
  }
}

void fill_node(m_u8* buffer, const Ask& ask, ULONG size) {
  auto* header = (PWNODE_HEADER)buffer;
  header->BufferSize = size;
  header->ProviderId = device_object(ask.provider->device); /* as IoWMIDeviceObjectToProviderId says */
  header->Guid = *ask.guid;
  header->Flags = WNODE_FLAG_STATIC_INSTANCE_NAMES;
  const ULONG offset = (header_bytes(ask.minor) + 7) & ~7u;
  switch (ask.minor) {
    case IRP_MN_QUERY_SINGLE_INSTANCE:
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
      ((PWNODE_SINGLE_INSTANCE)buffer)->DataBlockOffset = offset;
      ((PWNODE_SINGLE_INSTANCE)buffer)->SizeDataBlock = ask.data_size;
      break;
    case IRP_MN_CHANGE_SINGLE_ITEM:
      ((PWNODE_SINGLE_ITEM)buffer)->ItemId = ask.data_size ? ask.data[0] % 8 : 0;
      ((PWNODE_SINGLE_ITEM)buffer)->DataBlockOffset = offset;
      ((PWNODE_SINGLE_ITEM)buffer)->SizeDataItem = ask.data_size;
      break;
    case IRP_MN_EXECUTE_METHOD:
      ((PWNODE_METHOD_ITEM)buffer)->MethodId = ask.data_size ? ask.data[0] % 8 : 0;
      ((PWNODE_METHOD_ITEM)buffer)->DataBlockOffset = offset;
      ((PWNODE_METHOD_ITEM)buffer)->SizeDataBlock = ask.data_size;
      break;
    default:
      return;
  }
  if (ask.data_size) __builtin_memcpy(buffer + offset, ask.data, ask.data_size);
}

NTSTATUS send(const Ask& ask) {
  const ULONG size = ((header_bytes(ask.minor) + 7) & ~7u) + ask.data_size + ask.room;
  auto* sent = (Sent*)mach_pool_alloc(sizeof(Sent), 0, MACH_POOL_KERNEL, nullptr);
  sent->provider = ask.provider;
  ++ask.provider->requests;
  sent->memory = mach_pool_alloc(sizeof(GUID) + size, 0x50696d57, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  auto* guid = (GUID*)sent->memory;
  auto* buffer = (m_u8*)(guid + 1);
  *guid = *ask.guid;
  fill_node(buffer, ask, size);
  PDEVICE_OBJECT device = ask.provider->device;
  IrpRecord* record = make_system_request(device, IRP_MJ_SYSTEM_CONTROL, ask.minor, ask.op);
  record->context = sent;
  record->done = after_request;
  auto& p = next_location(record->irp)->Parameters.WMI;
  p.ProviderId = (ULONG_PTR)device;
  p.DataPath = guid;
  p.BufferSize = size;
  p.Buffer = buffer;
  return send_request(device, record);
}

/* --- registration --------------------------------------------------------------------------------------------------------- */

struct Registered {
  NTSTATUS status;
  ULONG_PTR information;
};

void after_registration(IrpRecord* record, NTSTATUS status, ULONG_PTR information) {
  *(Registered*)record->context = {status, information};
}

/* Drops the references that came with the answer. */
void take_guids(Provider* provider, PWMIREGINFO info, ULONG_PTR bytes) {
  const ULONG most = (ULONG)((bytes - FIELD_OFFSET(WMIREGINFO, WmiRegGuid)) / sizeof(WMIREGGUID));
  const ULONG count = info->GuidCount < most ? info->GuidCount : most;
  provider->guids = (WMIREGGUID*)mach_pool_alloc((count + 1) * sizeof(WMIREGGUID), 0, MACH_POOL_KERNEL, nullptr);
  provider->guid_count = count;
  for (ULONG i = 0; i < count; ++i) {
    provider->guids[i] = info->WmiRegGuid[i];
    if (info->WmiRegGuid[i].Flags & WMIREG_FLAG_INSTANCE_PDO) io_dereference_object((void*)info->WmiRegGuid[i].Pdo);
  }
}

/* Asks a device what it offers, or what has changed of it. By a system thread, after the device has registered. */
void ask_for_guids(Provider* provider, ULONG_PTR what) {
  if (!provider->registered) return io_dereference_object(provider->device), void();
  ++provider->requests;
  auto* info = (PWMIREGINFO)mach_pool_alloc(kRegistrationBytes, 0x52696d57, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  Registered answer{};
  PDEVICE_OBJECT device = provider->device;
  IrpRecord* record = make_system_request(device, IRP_MJ_SYSTEM_CONTROL, IRP_MN_REGINFO_EX, 0);
  record->context = &answer;
  record->done = after_registration;
  auto& p = next_location(record->irp)->Parameters.WMI;
  p.ProviderId = (ULONG_PTR)device;
  p.DataPath = (PVOID)what;
  p.BufferSize = kRegistrationBytes;
  p.Buffer = info;
  if (send_request(device, record) == STATUS_PENDING) irp_wait_until_done(record);
  if (NT_SUCCESS(answer.status) && answer.information >= sizeof(WMIREGINFO) && provider->registered)
    take_guids(provider, info, answer.information);
  mach_pool_free(info, 0, nullptr);
  request_ends(provider);
  io_dereference_object(device);
}

void ask_first(void* provider) {
  ask_for_guids((Provider*)provider, WMIREGISTER);
}

void ask_again(void* provider) {
  ask_for_guids((Provider*)provider, WMIUPDATE);
}

NTSTATUS register_device(PDEVICE_OBJECT device) {
  if (find(device)) return STATUS_OBJECT_NAME_EXISTS;
  auto* provider = (Provider*)mach_pool_alloc(sizeof(Provider), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  provider->device = device;
  provider->object = device_object(device);
  provider->registered = true;
  Provider** end = &providers;
  while (*end) end = &(*end)->next;
  *end = provider;
  io_reference_object(device);
  pnp_queue_work(ask_first, provider);
  return STATUS_SUCCESS;
}

/* Waits for all requests that the device was sent: from inside one, for ever. */
NTSTATUS deregister_device(PDEVICE_OBJECT device, const void* pc) {
  Provider* provider = find(device);
  if (!provider) return STATUS_INVALID_PARAMETER;
  provider->registered = false;
  while (provider->requests) {
    provider->waiter = mach_thread() + 1;
    mach_block(0, nullptr, pc);
  }
  return STATUS_SUCCESS;
}

NTSTATUS update_guids(PDEVICE_OBJECT device) {
  Provider* provider = find(device);
  if (!provider) return STATUS_INVALID_PARAMETER;
  io_reference_object(device);
  pnp_queue_work(ask_again, provider);
  return STATUS_SUCCESS;
}

constexpr GUID kNoGuid = {};

}  // namespace

void reset_wmi() {
  providers = nullptr;
  next_instance = 0;
}

/* `code` 0 is meant for the physical device: a function driver has to pass it on. Others name a device that registered, and
 * one of what it offers. */
NTSTATUS system_control_request(const Request& request, PDEVICE_OBJECT pdo) {
  if (request.minor > IRP_MN_EXECUTE_METHOD && request.minor != IRP_MN_REGINFO_EX) return STATUS_INVALID_PARAMETER;
  if (!pnp_accepts_requests(pdo)) return STATUS_INVALID_DEVICE_STATE;
  Provider* provider = request.code ? provider_at((request.code - 1) & 0xff) : nullptr;
  if (!provider || request.minor >= IRP_MN_REGINFO_EX || request.minor == IRP_MN_REGINFO) {
    IrpRecord* record = make_system_request(pdo, IRP_MJ_SYSTEM_CONTROL, request.minor, request.op);
    next_location(record->irp)->Parameters.WMI.ProviderId = (ULONG_PTR)pdo;
    return send_request(pdo, record);
  }
  const ULONG guid = request.code >> 8 & 0xff;
  return send({provider, request.minor, request.op,
               provider->guid_count ? &provider->guids[guid % provider->guid_count].Guid : &kNoGuid, request.in,
               request.in_size, request.out_size});
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action) {
  DDI_ENTER(IoWMIRegistrationControl, DeviceObject);
  switch (Action & 0xffff) {
    case WMIREG_ACTION_REGISTER:
      return nt::register_device(DeviceObject);
    case WMIREG_ACTION_DEREGISTER:
      return nt::deregister_device(DeviceObject, ddi.pc());
    case WMIREG_ACTION_REREGISTER:
      nt::deregister_device(DeviceObject, ddi.pc());
      return nt::register_device(DeviceObject);
    case WMIREG_ACTION_UPDATE_GUIDS:
      return nt::update_guids(DeviceObject);
    case WMIREG_ACTION_BLOCK_IRPS:
      mach_not_emulated("IoWMIRegistrationControl with WMIREG_ACTION_BLOCK_IRPS");
    default:
      return STATUS_INVALID_PARAMETER;
  }
}

/* WMI takes the event over and frees it; nobody listens. */
NTKERNELAPI NTSTATUS NTAPI IoWMIWriteEvent(PVOID WnodeEventItem) {
  DDI_ENTER(IoWMIWriteEvent, nullptr);
  mach_pool_free(WnodeEventItem, 0, ddi.pc());
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoWMIAllocateInstanceIds(GUID*, ULONG InstanceCount, ULONG* FirstInstanceId) {
  DDI_ENTER(IoWMIAllocateInstanceIds, nullptr);
  *FirstInstanceId = nt::next_instance;
  nt::next_instance += InstanceCount;
  return STATUS_SUCCESS;
}

/* The name of the physical device's instance. */
NTKERNELAPI NTSTATUS NTAPI IoWMISuggestInstanceName(PDEVICE_OBJECT PhysicalDeviceObject, PUNICODE_STRING, BOOLEAN CombineNames,
                                                    PUNICODE_STRING SuggestedInstanceName) {
  DDI_ENTER(IoWMISuggestInstanceName, PhysicalDeviceObject);
  if (CombineNames) mach_not_emulated("IoWMISuggestInstanceName with CombineNames");
  const nt::DevNode* node = nt::pnp_node(PhysicalDeviceObject);
  if (!node || !node->device_id) return STATUS_UNSUCCESSFUL;
  return RtlCreateUnicodeString(SuggestedInstanceName, node->device_id) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

#undef IoWMIDeviceObjectToProviderId
NTKERNELAPI ULONG NTAPI IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoWMIDeviceObjectToProviderId, DeviceObject);
  return nt::device_object(DeviceObject);
}

/* Nobody offers the block. */
NTKERNELAPI NTSTATUS NTAPI IoWMIOpenBlock(GUID*, ULONG, PVOID* DataBlockObject) {
  DDI_ENTER(IoWMIOpenBlock, nullptr);
  *DataBlockObject = nullptr;
  return STATUS_WMI_GUID_NOT_FOUND;
}

NTKERNELAPI NTSTATUS NTAPI IoWMISetNotificationCallback(PVOID, WMI_NOTIFICATION_CALLBACK, PVOID) {
  DDI_ENTER(IoWMISetNotificationCallback, nullptr);
  return STATUS_INVALID_PARAMETER; /* there is no object that IoWMIOpenBlock gave out */
}

}  // extern "C"
