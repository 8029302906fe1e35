/* Registry keys of devices and of device interfaces. */
#include "emu/nt/pnp.h"
#include "emu/nt/registry.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

constexpr SIZE_T kPathCharacters = 512;

struct Path {
  WCHAR text[kPathCharacters];
  SIZE_T length;
};

/* Appends as much as there is room for; with `flat`, backslashes become number signs, as in the names of interfaces. */
void append(Path& path, const WCHAR* text, SIZE_T characters, bool flat = false) {
  for (SIZE_T i = 0; i < characters && path.length < kPathCharacters - 1; ++i)
    path.text[path.length++] = flat && text[i] == L'\\' ? L'#' : text[i];
  path.text[path.length] = 0;
}

void append(Path& path, const WCHAR* text) {
  append(path, text, text_length(text));
}

/* A unique identity for every device, also for those whose bus gives no instance. */
void append_instance(Path& path, const DevNode* node) {
  if (node->instance_id) return append(path, node->instance_id);
  const WCHAR digits[] = {(WCHAR)(L'0' + node->number / 10 % 10), (WCHAR)(L'0' + node->number % 10), 0};
  append(path, digits);
}

NTSTATUS open(const Path& path, ULONG attributes, HANDLE* handle) {
  RegistryKey* key = registry_make(path.text);
  if (!key) return STATUS_INSUFFICIENT_RESOURCES;
  return registry_open_handle(key, attributes, handle);
}

constexpr ULONG kKernelHandle = OBJ_KERNEL_HANDLE;

/* ...\Enum\<device>\<instance>\Device Parameters, or the key of the driver's instance of its class. */
NTSTATUS open_device_key(PDEVICE_OBJECT pdo, ULONG kind, HANDLE* handle) {
  const DevNode* node = pnp_node(pdo);
  if (!node) return STATUS_INVALID_DEVICE_REQUEST;
  if (!(kind & (PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_DRIVER))) return STATUS_INVALID_PARAMETER;
  if (!node->device_id) return STATUS_INVALID_DEVICE_REQUEST;
  Path path{};
  if (kind & PLUGPLAY_REGKEY_DRIVER) {
    append(path, L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\{4d36e97d-e325-11ce-bfc1-08002be10318}\\");
    const WCHAR instance[] = {L'0', L'0', (WCHAR)(L'0' + node->number / 10 % 10), (WCHAR)(L'0' + node->number % 10), 0};
    append(path, instance);
  } else {
    append(path, L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\");
    append(path, node->device_id);
    append(path, L"\\");
    append_instance(path, node);
    append(path, L"\\Device Parameters");
  }
  return open(path, kKernelHandle, handle);
}

NTSTATUS open_interface_key(const UNICODE_STRING* link, HANDLE* handle) {
  PDEVICE_OBJECT pdo;
  const UNICODE_STRING* name = find_interface(link, &pdo);
  if (!name) return STATUS_INVALID_PARAMETER;
  Path path{};
  append(path, L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses\\");
  append(path, name->Buffer + 4, name->Length / sizeof(WCHAR) - 4, true); /* without \??\ */
  append(path, L"\\Device Parameters");
  return open(path, kKernelHandle, handle);
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType, ACCESS_MASK,
                                                   PHANDLE DeviceRegKey) {
  DDI_ENTER(IoOpenDeviceRegistryKey, DeviceObject);
  *DeviceRegKey = nullptr;
  return nt::open_device_key(DeviceObject, DevInstKeyType, DeviceRegKey);
}

NTKERNELAPI NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName, ACCESS_MASK,
                                                            PHANDLE DeviceInterfaceRegKey) {
  DDI_ENTER(IoOpenDeviceInterfaceRegistryKey, nullptr);
  *DeviceInterfaceRegKey = nullptr;
  return nt::open_interface_key(SymbolicLinkName, DeviceInterfaceRegKey);
}

}  // extern "C"
