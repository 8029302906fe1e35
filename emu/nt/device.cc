/* Device objects, symbolic links, device interfaces and device stacks. */
#include "emu/nt/device.h"

#include "emu/nt/device_queue.h"
#include "emu/nt/file.h"
#include "emu/nt/io_timer.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/resource.h"

namespace nt {
namespace {

/* The extension follows the device object, aligned like pool. */
constexpr SIZE_T kDeviceBytes = (sizeof(DEVICE_OBJECT) + 15) & ~(SIZE_T)15;

DeviceRecord* devices;
DeviceRecord** devices_end = &devices;

DeviceRecord* add_record(PDEVICE_OBJECT device) {
  auto* record = (DeviceRecord*)mach_pool_alloc(sizeof(DeviceRecord), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  record->device = device;
  record->object = mach_object(OBJECT_Device, device);
  *devices_end = record;
  devices_end = &record->next;
  return record;
}

void unlink_from_driver(PDEVICE_OBJECT device) {
  for (PDEVICE_OBJECT* at = &device->DriverObject->DeviceObject; *at; at = &(*at)->NextDevice) {
    if (*at != device) continue;
    *at = device->NextDevice;
    return;
  }
}

void initialize(PDEVICE_OBJECT device, PDRIVER_OBJECT driver, ULONG extension_bytes) {
  device->Type = IO_TYPE_DEVICE;
  device->Size = (USHORT)(kDeviceBytes + extension_bytes);
  device->DriverObject = driver;
  device->DeviceExtension = extension_bytes ? (char*)device + kDeviceBytes : nullptr;
  device->StackSize = 1;
  device->NextDevice = driver->DeviceObject;
  driver->DeviceObject = device;
  device_queue_initialize(&device->DeviceQueue, nullptr);
}

}  // namespace

void reset_device() {
  devices = nullptr;
  devices_end = &devices;
}

DeviceRecord* first_device() {
  return devices;
}

DeviceRecord* find_device(PDEVICE_OBJECT device) {
  DeviceRecord* found = nullptr;
  for (DeviceRecord* record = devices; record; record = record->next)
    if (record->device == device) found = record;
  return found;
}

m_u32 device_object(PDEVICE_OBJECT device) {
  const DeviceRecord* record = find_device(device);
  return record ? record->object : 0;
}

NTSTATUS create_device(PDRIVER_OBJECT driver, ULONG extension_bytes, const UNICODE_STRING* name, DEVICE_TYPE type,
                       ULONG characteristics, bool exclusive, PDEVICE_OBJECT* result) {
  *result = nullptr;
  auto* device =
      (PDEVICE_OBJECT)mach_pool_alloc(kDeviceBytes + extension_bytes, 0x69766544 /* 'Devi' */, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  const bool named = name && name->Length;
  if (named) {
    const NTSTATUS status = add_name(name, device, nullptr);
    if (!NT_SUCCESS(status)) {
      mach_pool_free(device, 0, nullptr);
      return status;
    }
  }
  initialize(device, driver, extension_bytes);
  device->DeviceType = type;
  device->Characteristics = characteristics;
  device->Flags = DO_DEVICE_INITIALIZING | (exclusive ? DO_EXCLUSIVE : 0u) | (named ? DO_DEVICE_HAS_NAME : 0u);
  add_record(device)->named = named;
  *result = device;
  return STATUS_SUCCESS;
}

void release_device_if_unused(DeviceRecord* record) {
  PDEVICE_OBJECT device = record->device;
  if (record->gone || !record->deleting || record->pointer_references) return;
  if (device->ReferenceCount || device->AttachedDevice) return;
  unlink_from_driver(device);
  record->gone = true;
  io_timer_gone(device);
  require_no_resource_in(device, mach_pool_size(device), nullptr);
  mach_object_gone(device);
  mach_pool_free(device, 0, nullptr);
}

void delete_device(PDEVICE_OBJECT device) {
  DeviceRecord* record = find_device(device);
  if (!record) mach_bug_check(0x50, (ULONG_PTR)device, 0, 0, 0, nullptr);
  if (record->gone) (void)*(volatile CSHORT*)&device->Type; /* freed memory: AddressSanitizer has the last word */
  if (record->named) remove_names_of(device);
  record->named = record->has_interface = record->shutdown_registered = false;
  record->deleting = true;
  release_device_if_unused(record);
}

PDEVICE_OBJECT top_of_stack(PDEVICE_OBJECT device) {
  while (device->AttachedDevice) device = device->AttachedDevice;
  return device;
}

PDEVICE_OBJECT attach_device(PDEVICE_OBJECT upper, PDEVICE_OBJECT target) {
  PDEVICE_OBJECT lower = top_of_stack(target);
  const DeviceRecord* below = find_device(lower);
  if (!below || below->deleting || (lower->Flags & DO_DEVICE_INITIALIZING)) return nullptr;
  lower->AttachedDevice = upper;
  upper->StackSize = (CCHAR)(lower->StackSize + 1);
  upper->AlignmentRequirement = lower->AlignmentRequirement;
  upper->SectorSize = lower->SectorSize;
  find_device(upper)->lower = lower;
  return lower;
}

static void detach_device(PDEVICE_OBJECT lower) {
  if (PDEVICE_OBJECT upper = lower->AttachedDevice) find_device(upper)->lower = nullptr;
  lower->AttachedDevice = nullptr;
  release_device_if_unused(find_device(lower));
}

bool io_reference_object(void* object) {
  if (file_reference((PFILE_OBJECT)object)) return true;
  DeviceRecord* record = find_device((PDEVICE_OBJECT)object);
  if (!record || record->gone) return false;
  ++record->pointer_references;
  return true;
}

bool io_dereference_object(void* object) {
  if (file_dereference((PFILE_OBJECT)object)) return true;
  DeviceRecord* record = find_device((PDEVICE_OBJECT)object);
  if (!record || record->gone || !record->pointer_references) return false;
  --record->pointer_references;
  release_device_if_unused(record);
  return true;
}

PDEVICE_OBJECT openable_device(m_u32 index) {
  for (DeviceRecord* record = devices; record; record = record->next) {
    if (record->gone || record->deleting || (!record->named && !record->has_interface)) continue;
    if (index-- == 0) return record->device;
  }
  return nullptr;
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                          PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                          ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                          PDEVICE_OBJECT* DeviceObject) {
  DDI_ENTER(IoCreateDevice, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::create_device(DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics, Exclusive,
                           DeviceObject);
}

/* Who may open the device is not modelled: everybody may. */
NTSTATUS IoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName,
                                    DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                    PCUNICODE_STRING, LPCGUID, PDEVICE_OBJECT* DeviceObject) {
  DDI_ENTER(IoCreateDeviceSecure, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  if (!DeviceName || !DeviceName->Length) return STATUS_INVALID_PARAMETER;
  return nt::create_device(DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics, Exclusive,
                           DeviceObject);
}

NTKERNELAPI VOID NTAPI IoDeleteDevice(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoDeleteDevice, DeviceObject);
  nt::delete_device(DeviceObject);
}

NTKERNELAPI NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName) {
  DDI_ENTER(IoCreateSymbolicLink, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::add_name(SymbolicLinkName, nullptr, DeviceName);
}

NTKERNELAPI NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName,
                                                           PUNICODE_STRING DeviceName) {
  DDI_ENTER(IoCreateUnprotectedSymbolicLink, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::add_name(SymbolicLinkName, nullptr, DeviceName);
}

NTKERNELAPI NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName) {
  DDI_ENTER(IoDeleteSymbolicLink, nullptr);
  return nt::remove_link(SymbolicLinkName);
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice) {
  DDI_ENTER(IoAttachDeviceToDeviceStack, SourceDevice);
  if (nt::out_of_resources()) return nullptr;
  return nt::attach_device(SourceDevice, TargetDevice);
}

NTKERNELAPI NTSTATUS NTAPI IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice,
                                                           PDEVICE_OBJECT* AttachedToDeviceObject) {
  DDI_ENTER(IoAttachDeviceToDeviceStackSafe, SourceDevice);
  if (nt::out_of_resources()) return STATUS_NO_SUCH_DEVICE;
  /* The pointer is set before requests can arrive: that is what the name's "safe" means. */
  *AttachedToDeviceObject = nt::top_of_stack(TargetDevice);
  if (nt::attach_device(SourceDevice, TargetDevice)) return STATUS_SUCCESS;
  *AttachedToDeviceObject = nullptr;
  return STATUS_NO_SUCH_DEVICE;
}

NTKERNELAPI NTSTATUS NTAPI IoAttachDevice(PDEVICE_OBJECT SourceDevice, PUNICODE_STRING TargetDevice,
                                          PDEVICE_OBJECT* AttachedDevice) {
  DDI_ENTER(IoAttachDevice, SourceDevice);
  PDEVICE_OBJECT target = nt::find_by_name(TargetDevice);
  if (!target) return STATUS_OBJECT_NAME_NOT_FOUND;
  *AttachedDevice = nt::top_of_stack(target);
  if (nt::attach_device(SourceDevice, target)) return STATUS_SUCCESS;
  *AttachedDevice = nullptr;
  return STATUS_NO_SUCH_DEVICE;
}

NTKERNELAPI VOID NTAPI IoDetachDevice(PDEVICE_OBJECT TargetDevice) {
  DDI_ENTER(IoDetachDevice, TargetDevice);
  nt::detach_device(TargetDevice);
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoGetAttachedDevice, DeviceObject);
  return nt::top_of_stack(DeviceObject);
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoGetAttachedDeviceReference, DeviceObject);
  PDEVICE_OBJECT top = nt::top_of_stack(DeviceObject);
  nt::io_reference_object(top);
  return top;
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetLowerDeviceObject(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoGetLowerDeviceObject, DeviceObject);
  nt::DeviceRecord* record = nt::find_device(DeviceObject);
  if (record->lower) nt::io_reference_object(record->lower);
  return record->lower;
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetDeviceAttachmentBaseRef(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoGetDeviceAttachmentBaseRef, DeviceObject);
  while (PDEVICE_OBJECT lower = nt::find_device(DeviceObject)->lower) DeviceObject = lower;
  nt::io_reference_object(DeviceObject);
  return DeviceObject;
}

NTKERNELAPI NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoRegisterShutdownNotification, DeviceObject);
  DeviceObject->Flags |= DO_SHUTDOWN_REGISTERED;
  nt::find_device(DeviceObject)->shutdown_registered = true;
  return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoUnregisterShutdownNotification, DeviceObject);
  DeviceObject->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
  nt::find_device(DeviceObject)->shutdown_registered = false;
}

}  // extern "C"
