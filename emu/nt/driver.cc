/* Driver objects: loading, unloading, what the driver offers. */
#include "emu/nt/device.h"
#include "emu/nt/hardware.h"
#include "emu/nt/irp.h"
#include "emu/nt/notify.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/object_life.h"

namespace nt {
namespace {

struct ClientExtension {
  ClientExtension* next;
  PVOID client;
  /* the client's bytes follow */
};

PDRIVER_OBJECT loaded;
ClientExtension* client_extensions;

m_u32 text_length(const char* text) {
  m_u32 length = 0;
  while (text[length]) ++length;
  return length;
}

/* A string of kernel memory: prefix, then name. */
UNICODE_STRING make_string(const char* prefix, const char* name) {
  const m_u32 first = text_length(prefix), second = text_length(name);
  UNICODE_STRING string;
  string.Length = (USHORT)((first + second) * sizeof(WCHAR));
  string.MaximumLength = (USHORT)(string.Length + sizeof(WCHAR));
  string.Buffer = (PWSTR)mach_pool_alloc(string.MaximumLength, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  for (m_u32 i = 0; i < first; ++i) string.Buffer[i] = (WCHAR)(unsigned char)prefix[i];
  for (m_u32 i = 0; i < second; ++i) string.Buffer[first + i] = (WCHAR)(unsigned char)name[i];
  return string;
}

void* kernel_zero_alloc(SIZE_T size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

/* After DriverEntry the I/O manager lets its devices be opened. */
void devices_are_ready(PDRIVER_OBJECT driver) {
  for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

void emit_leftover_devices() {
  for (const DeviceRecord* record = first_device(); record; record = record->next)
    if (!record->gone && record->device->DriverObject == loaded)
      mach_event(EVENT_EndDevice, record->object, 0, 0, nullptr);
}

NTSTATUS call_driver_entry(PDRIVER_OBJECT driver, const char* name) {
  UNICODE_STRING path = make_string("\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\", name);
  mach_enter(CALLBACK_DriverEntry, (const void*)driver->DriverInit, 0, 0);
  const NTSTATUS status = driver->DriverInit(driver, &path);
  mach_leave(CALLBACK_DriverEntry, 0, (m_u32)status);
  mach_pool_free(path.Buffer, 0, nullptr); /* a driver that wants to keep it makes a copy */
  return status;
}

}  // namespace

void reset_driver() {
  loaded = nullptr;
  client_extensions = nullptr;
}

PDRIVER_OBJECT driver_object() {
  return loaded;
}

bool is_kernel_dispatch(PDRIVER_DISPATCH routine) {
  return routine == invalid_device_request || routine == bus_dispatch || routine == memory_file_dispatch;
}

NTSTATUS NTAPI invalid_device_request(PDEVICE_OBJECT, PIRP irp) {
  return finish_irp(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

PDRIVER_OBJECT make_driver_object(const char* name) {
  auto* driver = (PDRIVER_OBJECT)kernel_zero_alloc(sizeof(DRIVER_OBJECT));
  driver->Type = IO_TYPE_DRIVER;
  driver->Size = sizeof(DRIVER_OBJECT);
  driver->Flags = DRVO_LEGACY_DRIVER;
  driver->DriverName = make_string("\\Driver\\", name);
  driver->DriverExtension = (PDRIVER_EXTENSION)kernel_zero_alloc(sizeof(DRIVER_EXTENSION));
  driver->DriverExtension->DriverObject = driver;
  driver->DriverExtension->ServiceKeyName = make_string("", name);
  driver->HardwareDatabase = (PUNICODE_STRING)kernel_zero_alloc(sizeof(UNICODE_STRING));
  *driver->HardwareDatabase = make_string("\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM", "");
  for (PDRIVER_DISPATCH& routine : driver->MajorFunction) routine = invalid_device_request;
  return driver;
}

/* DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS: Windows would call code that is gone. */
static void require_nothing_registered() {
  if (const void* routine = registered_routine()) mach_bug_check(0xCE, (m_u64)routine, 0, 0, 0, (const char*)routine + 1);
  bool any;
  const void* callback = registered_provider(&any);
  if (any && callback) mach_bug_check(0xCE, (m_u64)callback, 0, 0, 0, (const char*)callback + 1);
}

static ClientExtension* find_extension(PVOID client) {
  for (ClientExtension* extension = client_extensions; extension; extension = extension->next)
    if (extension->client == client) return extension;
  return nullptr;
}

}  // namespace nt

extern "C" {

m_u32 nt_load(void* driver_entry, const char* name) {
  PDRIVER_OBJECT driver = nt::loaded = nt::make_driver_object(name);
  driver->DriverInit = (PDRIVER_INITIALIZE)driver_entry;
  driver->DriverStart = driver_entry;
  const NTSTATUS status = nt::call_driver_entry(driver, name);
  if (!NT_SUCCESS(status)) {
    nt::image_goes((const char*)driver_entry + 1);
    nt::emit_leftover_devices();
    return (m_u32)status;
  }
  nt::devices_are_ready(driver);
  nt::call_reinitialize_routines();
  nt::devices_are_ready(driver);
  return (m_u32)status;
}

int nt_unload(void) {
  PDRIVER_OBJECT driver = nt::loaded;
  if (!driver || !driver->DriverUnload) return 0;
  /* A plug-and-play driver stays as long as one of its devices does. */
  if (driver->DriverExtension->AddDevice && driver->DeviceObject) {
    nt::emit_leftover_devices();
    return 0;
  }
  driver->Flags |= DRVO_UNLOAD_INVOKED;
  mach_enter(CALLBACK_Unload, (const void*)driver->DriverUnload, 0, 0);
  driver->DriverUnload(driver);
  mach_leave(CALLBACK_Unload, 0, 0);
  nt::require_nothing_registered();
  nt::image_goes((const char*)driver->DriverUnload + 1);
  nt::emit_leftover_devices();
  /* The next interrupt would run code that is gone: DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS. */
  if (nt::interrupts_connected()) mach_bug_check(0xCE, 0, 0, 0, 0, (const char*)driver->DriverUnload + 1);
  return 1;
}

m_u32 nt_device_count(void) {
  m_u32 count = 0;
  while (nt::openable_device(count)) ++count;
  return count;
}

m_u32 nt_major_functions(void) {
  m_u32 set = 0;
  for (m_u32 major = 0; nt::loaded && major <= IRP_MJ_MAXIMUM_FUNCTION; ++major)
    if (nt::loaded->MajorFunction[major] != nt::invalid_device_request) set |= 1u << major;
  return set;
}

NTKERNELAPI NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                                           PVOID ClientIdentificationAddress,
                                                           ULONG DriverObjectExtensionSize,
                                                           PVOID* DriverObjectExtension) {
  DDI_ENTER(IoAllocateDriverObjectExtension, DriverObject);
  *DriverObjectExtension = nullptr;
  if (nt::find_extension(ClientIdentificationAddress)) return STATUS_OBJECT_NAME_COLLISION;
  auto* extension =
      (nt::ClientExtension*)nt::kernel_zero_alloc(sizeof(nt::ClientExtension) + DriverObjectExtensionSize);
  *extension = {nt::client_extensions, ClientIdentificationAddress};
  nt::client_extensions = extension;
  *DriverObjectExtension = extension + 1;
  return STATUS_SUCCESS;
}

NTKERNELAPI PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress) {
  DDI_ENTER(IoGetDriverObjectExtension, DriverObject);
  nt::ClientExtension* extension = nt::find_extension(ClientIdentificationAddress);
  return extension ? extension + 1 : nullptr;
}

}  // extern "C"
