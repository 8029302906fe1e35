/* wmilib: the library that turns WMI requests into calls of a driver's callbacks, and answers them. */
extern "C" {
#include <ntifs.h>
#include <ntddk.h>
#include <wmistr.h>
#include <wmilib.h>
}
#include "emu/nt/device.h"
#include "emu/nt/irp.h"

namespace nt {
namespace {

constexpr ULONG kAlignment = 8;

ULONG aligned(ULONG size) {
  return (size + kAlignment - 1) & ~(kAlignment - 1);
}

struct WmiCall {
  PWMILIB_CONTEXT context;
  PDEVICE_OBJECT device;
  PIRP irp;
  ULONG guid;     /* index in the driver's list */
  ULONG instance;
  ULONG size; /* of the buffer */
  m_u8* buffer;
};

/* Brackets a call of one of the driver's callbacks. */
template <class Routine, class... Arguments>
NTSTATUS call(const WmiCall& c, Routine routine, Arguments... arguments) {
  const m_u32 object = device_object(c.device);
  mach_enter(CALLBACK_Other, (const void*)routine, object, 0);
  const NTSTATUS status = routine(c.device, arguments...);
  mach_leave(CALLBACK_Other, object, (m_u32)status);
  return status;
}

bool find_guid(const WMILIB_CONTEXT& context, const GUID* guid, ULONG* index) {
  for (ULONG i = 0; i < context.GuidCount; ++i) {
    if (__builtin_memcmp(context.GuidList[i].Guid, guid, sizeof(GUID)) != 0) continue;
    *index = i;
    return true;
  }
  return false;
}

/* Not completed: that is left to the driver. */
NTSTATUS leave(PIRP irp, NTSTATUS status, ULONG_PTR information, SYSCTL_IRP_DISPOSITION* disposition) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  *disposition = IrpNotCompleted;
  return status;
}

/* --- registration ------------------------------------------------------------------------------------------------------ */

struct Registration {
  ULONG flags;
  UNICODE_STRING instance, mof;
  PUNICODE_STRING path;
  PDEVICE_OBJECT pdo;
};

ULONG string_bytes(const UNICODE_STRING* string) {
  return sizeof(USHORT) + (string ? string->Length : 0);
}

ULONG put_string(m_u8* base, ULONG* at, const UNICODE_STRING* string) {
  const ULONG offset = *at;
  const USHORT length = string ? string->Length : 0;
  *(USHORT*)(base + offset) = length;
  if (length) __builtin_memcpy(base + offset + sizeof(USHORT), string->Buffer, length);
  *at = offset + sizeof(USHORT) + length;
  return offset;
}

bool has_instance_name(ULONG flags) {
  return (flags & WMIREG_FLAG_INSTANCE_BASENAME) != 0;
}

ULONG registration_bytes(const WmiCall& c, const Registration& r) {
  ULONG bytes = FIELD_OFFSET(WMIREGINFO, WmiRegGuid) + c.context->GuidCount * sizeof(WMIREGGUID);
  if (has_instance_name(r.flags)) bytes += string_bytes(&r.instance);
  return aligned(bytes + string_bytes(r.path) + string_bytes(&r.mof));
}

void put_registration(const WmiCall& c, const Registration& r, ULONG bytes) {
  auto* info = (PWMIREGINFO)c.buffer;
  __builtin_memset(info, 0, bytes);
  info->BufferSize = bytes;
  info->GuidCount = c.context->GuidCount;
  ULONG at = FIELD_OFFSET(WMIREGINFO, WmiRegGuid) + c.context->GuidCount * sizeof(WMIREGGUID);
  const ULONG base_name = has_instance_name(r.flags) ? put_string(c.buffer, &at, &r.instance) : 0;
  info->RegistryPath = put_string(c.buffer, &at, r.path);
  info->MofResourceName = put_string(c.buffer, &at, &r.mof);
  for (ULONG i = 0; i < c.context->GuidCount; ++i) {
    const WMIGUIDREGINFO& from = c.context->GuidList[i];
    WMIREGGUID& to = info->WmiRegGuid[i];
    to.Guid = *from.Guid;
    to.Flags = from.Flags | r.flags;
    to.InstanceCount = from.InstanceCount;
    if (r.flags & WMIREG_FLAG_INSTANCE_PDO)
      to.Pdo = (ULONG_PTR)r.pdo;
    else
      to.BaseNameOffset = base_name;
  }
}

NTSTATUS register_guids(const WmiCall& c, bool with_reference, SYSCTL_IRP_DISPOSITION* disposition) {
  Registration r{};
  const NTSTATUS status =
      call(c, c.context->QueryWmiRegInfo, &r.flags, &r.instance, &r.path, &r.mof, &r.pdo);
  if (!NT_SUCCESS(status)) return leave(c.irp, status, 0, disposition);
  const ULONG bytes = registration_bytes(c, r);
  ULONG used = sizeof(ULONG);
  if (c.size >= bytes) {
    put_registration(c, r, used = bytes);
    if ((r.flags & WMIREG_FLAG_INSTANCE_PDO) && with_reference) /* WMI drops it again */
      for (ULONG i = 0; i < c.context->GuidCount; ++i) io_reference_object(r.pdo);
  } else if (c.size >= sizeof(ULONG)) {
    *(ULONG*)c.buffer = bytes; /* so much it has to be */
  }
  if (r.instance.Buffer) mach_pool_free(r.instance.Buffer, 0, nullptr);
  return leave(c.irp, c.size < sizeof(ULONG) ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS, used, disposition);
}

/* --- data --------------------------------------------------------------------------------------------------------------- */

NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information, const void* pc) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  complete_irp(irp, pc);
  return status;
}

ULONG all_data_offset(ULONG instances) {
  return aligned(FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) + instances * sizeof(OFFSETINSTANCEDATAANDLENGTH));
}

NTSTATUS query_all(const WmiCall& c) {
  const ULONG instances = c.context->GuidList[c.guid].InstanceCount;
  const ULONG offset = all_data_offset(instances);
  auto* node = (PWNODE_ALL_DATA)c.buffer;
  if (c.size < offset)
    return call(c, c.context->QueryWmiDataBlock, c.irp, c.guid, 0u, instances, (PULONG) nullptr, 0u, (PUCHAR) nullptr);
  node->InstanceCount = instances;
  node->WnodeHeader.Flags &= ~(ULONG)WNODE_FLAG_FIXED_INSTANCE_SIZE;
  node->DataBlockOffset = offset;
  /* The lengths are put in order when the driver completes the request. */
  return call(c, c.context->QueryWmiDataBlock, c.irp, c.guid, 0u, instances,
              (PULONG)(c.buffer + FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength)), c.size - offset,
              (PUCHAR)c.buffer + offset);
}

NTSTATUS query_single(const WmiCall& c) {
  auto* node = (PWNODE_SINGLE_INSTANCE)c.buffer;
  const bool room = node->DataBlockOffset < c.size;
  return call(c, c.context->QueryWmiDataBlock, c.irp, c.guid, c.instance, 1u, &node->SizeDataBlock,
              room ? c.size - node->DataBlockOffset : 0u, room ? (PUCHAR)c.buffer + node->DataBlockOffset : nullptr);
}

NTSTATUS change_single(const WmiCall& c, const void* pc) {
  auto* node = (PWNODE_SINGLE_INSTANCE)c.buffer;
  if (!c.context->SetWmiDataBlock) return complete(c.irp, STATUS_WMI_READ_ONLY, 0, pc);
  return call(c, c.context->SetWmiDataBlock, c.irp, c.guid, c.instance, node->SizeDataBlock,
              (PUCHAR)c.buffer + node->DataBlockOffset);
}

NTSTATUS change_item(const WmiCall& c, const void* pc) {
  auto* node = (PWNODE_SINGLE_ITEM)c.buffer;
  if (!c.context->SetWmiDataItem) return complete(c.irp, STATUS_WMI_READ_ONLY, 0, pc);
  return call(c, c.context->SetWmiDataItem, c.irp, c.guid, c.instance, node->ItemId, node->SizeDataItem,
              (PUCHAR)c.buffer + node->DataBlockOffset);
}

NTSTATUS execute(const WmiCall& c, const void* pc) {
  auto* node = (PWNODE_METHOD_ITEM)c.buffer;
  if (!c.context->ExecuteWmiMethod) return complete(c.irp, STATUS_INVALID_DEVICE_REQUEST, 0, pc);
  return call(c, c.context->ExecuteWmiMethod, c.irp, c.guid, c.instance, node->MethodId, node->SizeDataBlock,
              c.size - node->DataBlockOffset, (PUCHAR)c.buffer + node->DataBlockOffset);
}

NTSTATUS control(const WmiCall& c, WMIENABLEDISABLECONTROL what, bool enable, const void* pc) {
  if (!c.context->WmiFunctionControl) return complete(c.irp, STATUS_SUCCESS, 0, pc);
  return call(c, c.context->WmiFunctionControl, c.irp, c.guid, what, (BOOLEAN)enable);
}

/* Requests for one instance name it by its number; other names are not the library's business. */
bool find_instance(WmiCall& c, UCHAR minor, NTSTATUS* status) {
  if (minor != IRP_MN_QUERY_SINGLE_INSTANCE && minor != IRP_MN_CHANGE_SINGLE_INSTANCE &&
      minor != IRP_MN_CHANGE_SINGLE_ITEM && minor != IRP_MN_EXECUTE_METHOD)
    return true;
  auto* node = (PWNODE_SINGLE_INSTANCE)c.buffer;
  *status = STATUS_WMI_INSTANCE_NOT_FOUND;
  if (!(node->WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES)) return false;
  c.instance = node->InstanceIndex;
  return c.instance < c.context->GuidList[c.guid].InstanceCount;
}

NTSTATUS dispatch(const WmiCall& c, UCHAR minor, const void* pc) {
  switch (minor) {
    case IRP_MN_QUERY_ALL_DATA: return query_all(c);
    case IRP_MN_QUERY_SINGLE_INSTANCE: return query_single(c);
    case IRP_MN_CHANGE_SINGLE_INSTANCE: return change_single(c, pc);
    case IRP_MN_CHANGE_SINGLE_ITEM: return change_item(c, pc);
    case IRP_MN_EXECUTE_METHOD: return execute(c, pc);
    case IRP_MN_ENABLE_EVENTS: return control(c, WmiEventControl, true, pc);
    case IRP_MN_DISABLE_EVENTS: return control(c, WmiEventControl, false, pc);
    case IRP_MN_ENABLE_COLLECTION: return control(c, WmiDataBlockControl, true, pc);
    case IRP_MN_DISABLE_COLLECTION: return control(c, WmiDataBlockControl, false, pc);
    default: return complete(c.irp, STATUS_INVALID_DEVICE_REQUEST, 0, pc);
  }
}

NTSTATUS system_control(PWMILIB_CONTEXT context, PDEVICE_OBJECT device, PIRP irp, SYSCTL_IRP_DISPOSITION* disposition,
                        const void* pc) {
  PIO_STACK_LOCATION location = current_location(irp);
  const UCHAR minor = location->MinorFunction;
  if (minor > IRP_MN_EXECUTE_METHOD && minor != IRP_MN_REGINFO_EX) return *disposition = IrpNotWmi, STATUS_SUCCESS;
  const auto& p = location->Parameters.WMI;
  if (p.ProviderId != (ULONG_PTR)device) return *disposition = IrpForward, STATUS_SUCCESS;
  WmiCall c{context, device, irp, 0, 0, p.BufferSize, (m_u8*)p.Buffer};
  if (minor == IRP_MN_REGINFO || minor == IRP_MN_REGINFO_EX)
    return register_guids(c, minor == IRP_MN_REGINFO_EX, disposition);
  if (!find_guid(*context, (const GUID*)p.DataPath, &c.guid))
    return leave(irp, STATUS_WMI_GUID_NOT_FOUND, 0, disposition);
  NTSTATUS status;
  if (!find_instance(c, minor, &status)) return leave(irp, status, 0, disposition);
  *disposition = IrpProcessed;
  return dispatch(c, minor, pc);
}

/* --- completion --------------------------------------------------------------------------------------------------------- */

/* The buffer is too small: its header says how large it has to be, and the request succeeds. */
ULONG too_small(void* buffer, ULONG size, ULONG needed, NTSTATUS* status) {
  if (size < sizeof(WNODE_TOO_SMALL)) return 0;
  auto* node = (PWNODE_TOO_SMALL)buffer;
  node->WnodeHeader.BufferSize = sizeof(WNODE_TOO_SMALL);
  node->WnodeHeader.Flags |= WNODE_FLAG_TOO_SMALL;
  node->SizeNeeded = needed;
  *status = STATUS_SUCCESS;
  return sizeof(WNODE_TOO_SMALL);
}

/* The driver wrote lengths where pairs of offset and length belong. */
void spread_lengths(PWNODE_ALL_DATA node) {
  auto* pairs = node->OffsetInstanceDataAndLength;
  auto* lengths = (ULONG*)pairs;
  ULONG total = 0;
  for (ULONG i = 0; i < node->InstanceCount; ++i) total = aligned(total) + lengths[i];
  for (ULONG i = node->InstanceCount; i-- > 0;) {
    const ULONG length = lengths[i];
    total -= length;
    pairs[i] = {node->DataBlockOffset + total, length};
    if (i) {
      ULONG before = 0;
      for (ULONG k = 0; k < i; ++k) before = aligned(before) + lengths[k];
      total = before;
    }
  }
}

ULONG finish_all(void* buffer, ULONG size, ULONG used, NTSTATUS* status) {
  auto* node = (PWNODE_ALL_DATA)buffer;
  if (*status == STATUS_BUFFER_TOO_SMALL) {
    const ULONG offset = node->DataBlockOffset ? node->DataBlockOffset : all_data_offset(1);
    return too_small(buffer, size, offset + used, status);
  }
  if (!NT_SUCCESS(*status)) return 0;
  spread_lengths(node);
  node->WnodeHeader.BufferSize = node->DataBlockOffset + used;
  return node->WnodeHeader.BufferSize;
}

ULONG finish_single(void* buffer, ULONG size, ULONG used, NTSTATUS* status) {
  auto* node = (PWNODE_SINGLE_INSTANCE)buffer;
  if (*status == STATUS_BUFFER_TOO_SMALL) return too_small(buffer, size, node->DataBlockOffset + used, status);
  if (!NT_SUCCESS(*status)) return 0;
  node->SizeDataBlock = used;
  node->WnodeHeader.BufferSize = node->DataBlockOffset + used;
  return node->WnodeHeader.BufferSize;
}

}  // namespace
}  // namespace nt

extern "C" {

NTSTATUS NTAPI WmiSystemControl(PWMILIB_CONTEXT WmiLibInfo, PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                PSYSCTL_IRP_DISPOSITION IrpDisposition) {
  DDI_ENTER(WmiSystemControl, Irp);
  const m_u32 irp = nt::irp_object(Irp);
  const NTSTATUS status = nt::system_control(WmiLibInfo, DeviceObject, Irp, IrpDisposition, ddi.pc());
  mach_event(EVENT_WmiControl, irp, *IrpDisposition, 0, ddi.pc());
  return status;
}

NTSTATUS NTAPI WmiCompleteRequest(PDEVICE_OBJECT, PIRP Irp, NTSTATUS Status, ULONG BufferUsed, CCHAR) {
  DDI_ENTER(WmiCompleteRequest, Irp);
  PIO_STACK_LOCATION location = nt::current_location(Irp);
  const auto& p = location->Parameters.WMI;
  ULONG information = 0;
  switch (location->MinorFunction) {
    case IRP_MN_QUERY_ALL_DATA:
      information = nt::finish_all(p.Buffer, p.BufferSize, BufferUsed, &Status);
      break;
    case IRP_MN_QUERY_SINGLE_INSTANCE:
    case IRP_MN_EXECUTE_METHOD:
      information = nt::finish_single(p.Buffer, p.BufferSize, BufferUsed, &Status);
      break;
    default:
      break;
  }
  return nt::complete(Irp, Status, information, ddi.pc());
}

/* Builds the event that WMI then owns. */
NTSTATUS NTAPI WmiFireEvent(PDEVICE_OBJECT DeviceObject, LPCGUID Guid, ULONG InstanceIndex, ULONG EventDataSize,
                            PVOID EventData) {
  DDI_ENTER(WmiFireEvent, DeviceObject);
  /* The library frees the driver's data, which came from pool. */
  const SIZE_T bytes = FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData) + EventDataSize;
  void* event = mach_pool_alloc(bytes, 0x57696d57, MACH_POOL_ZERO, ddi.pc());
  if (EventData) mach_pool_free(EventData, 0, ddi.pc());
  if (!event) return STATUS_INSUFFICIENT_RESOURCES;
  auto* node = (PWNODE_SINGLE_INSTANCE)event;
  node->WnodeHeader.BufferSize = (ULONG)bytes;
  node->WnodeHeader.Guid = *Guid;
  node->InstanceIndex = InstanceIndex;
  /* Nobody listens: WMI frees what it takes. */
  mach_pool_free(event, 0, ddi.pc());
  return STATUS_SUCCESS;
}

}  // extern "C"
