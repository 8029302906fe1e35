/* Event tracing. Providers are registered, and nobody listens: no event is enabled, and what is written goes nowhere. */
#include "emu/nt/notify.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

struct Provider {
  Provider* next;
  REGHANDLE handle;
  const void* callback;
};

Provider* providers;
REGHANDLE last_handle;

Provider** find(REGHANDLE handle) {
  Provider** at = &providers;
  while (*at && (*at)->handle != handle) at = &(*at)->next;
  return at;
}

NTSTATUS check(REGHANDLE handle) {
  return *find(handle) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

}  // namespace

void reset_etw() {
  providers = nullptr;
  last_handle = 0;
}

const void* registered_provider(bool* any) {
  *any = providers != nullptr;
  return providers ? providers->callback : nullptr;
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI EtwRegister(LPCGUID, PETWENABLECALLBACK EnableCallback, PVOID, PREGHANDLE RegHandle) {
  DDI_ENTER(EtwRegister, nullptr);
  auto* provider = (nt::Provider*)mach_pool_alloc(sizeof(nt::Provider), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  *provider = {nt::providers, ++nt::last_handle, (const void*)EnableCallback};
  nt::providers = provider;
  *RegHandle = provider->handle;
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI EtwUnregister(REGHANDLE RegHandle) {
  DDI_ENTER(EtwUnregister, nullptr);
  nt::Provider** at = nt::find(RegHandle);
  if (!*at) return STATUS_INVALID_HANDLE;
  *at = (*at)->next;
  return STATUS_SUCCESS;
}

NTKERNELAPI BOOLEAN NTAPI EtwEventEnabled(REGHANDLE, PCEVENT_DESCRIPTOR) {
  DDI_ENTER(EtwEventEnabled, nullptr);
  return FALSE;
}

NTKERNELAPI BOOLEAN NTAPI EtwProviderEnabled(REGHANDLE, UCHAR, ULONGLONG) {
  DDI_ENTER(EtwProviderEnabled, nullptr);
  return FALSE;
}

NTKERNELAPI NTSTATUS NTAPI EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR, LPCGUID, ULONG, PEVENT_DATA_DESCRIPTOR) {
  DDI_ENTER(EtwWrite, nullptr);
  return nt::check(RegHandle);
}

NTKERNELAPI NTSTATUS NTAPI EtwWriteTransfer(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR, LPCGUID, LPCGUID, ULONG,
                                            PEVENT_DATA_DESCRIPTOR) {
  DDI_ENTER(EtwWriteTransfer, nullptr);
  return nt::check(RegHandle);
}

NTKERNELAPI NTSTATUS NTAPI EtwWriteString(REGHANDLE RegHandle, UCHAR, ULONGLONG, LPCGUID, PCWSTR) {
  DDI_ENTER(EtwWriteString, nullptr);
  return nt::check(RegHandle);
}

NTKERNELAPI NTSTATUS NTAPI EtwWriteEx(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR, ULONG64, ULONG, LPCGUID, LPCGUID, ULONG,
                                      PEVENT_DATA_DESCRIPTOR) {
  DDI_ENTER(EtwWriteEx, nullptr);
  return nt::check(RegHandle);
}

}  // extern "C"
