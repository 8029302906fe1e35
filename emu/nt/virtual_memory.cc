/* User memory that a driver allocates in the current process. */
#include "emu/nt/handle.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/thread.h"

namespace nt {
namespace {

constexpr m_u64 kPage = 0x1000;

struct Region {
  Region* next;
  char* base;
  m_u64 size;
  bool decommitted;
};

Region* regions;

Region* region_at(const void* address) {
  for (Region* region = regions; region; region = region->next)
    if ((const char*)address >= region->base && (const char*)address < region->base + region->size) return region;
  return nullptr;
}

NTSTATUS process_of(HANDLE handle, const char* name) {
  ObjectKind kind = ObjectKind::none;
  void* object = object_from_handle(handle, KernelMode, &kind);
  if (!object) return STATUS_INVALID_HANDLE;
  if (kind != ObjectKind::process) return STATUS_OBJECT_TYPE_MISMATCH;
  if (object != current_thread()->process) mach_not_emulated(name);
  return STATUS_SUCCESS;
}

NTSTATUS allocate(PVOID* base, PSIZE_T size, ULONG type) {
  if (!*size) return STATUS_INVALID_PARAMETER_4;
  if (!(type & (MEM_COMMIT | MEM_RESERVE))) return STATUS_INVALID_PARAMETER_5;
  if (!(type & MEM_COMMIT)) mach_not_emulated("ZwAllocateVirtualMemory with MEM_RESERVE alone");
  if (*base) {
    Region* region = region_at(*base);
    if (!(type & MEM_RESERVE) && region && !region->decommitted && (char*)*base + *size <= region->base + region->size)
      return STATUS_SUCCESS;
    mach_not_emulated("ZwAllocateVirtualMemory at an address of the caller's choice");
  }
  const m_u64 bytes = (*size + kPage - 1) / kPage * kPage;
  if (mach_choose(CHOICE_PoolFails, 2) || bytes < *size) return STATUS_NO_MEMORY;
  auto* pages = (char*)mach_user_pages(bytes);
  if (!pages) return STATUS_NO_MEMORY;
  auto* region = (Region*)mach_pool_alloc(sizeof(Region), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  *region = {regions, pages, bytes, false};
  regions = region;
  *base = pages;
  *size = bytes;
  return STATUS_SUCCESS;
}

NTSTATUS release(PVOID* base, PSIZE_T size, ULONG type) {
  Region* region = region_at(*base);
  if (!region) return STATUS_MEMORY_NOT_ALLOCATED;
  if (type != MEM_RELEASE && type != MEM_DECOMMIT) return STATUS_INVALID_PARAMETER_4;
  if (*size == 0 && *base != region->base) return STATUS_FREE_VM_NOT_AT_BASE;
  if (*size > region->size) return STATUS_UNABLE_TO_FREE_VM;
  if (*base != region->base || (*size && (*size + kPage - 1) / kPage * kPage != region->size))
    mach_not_emulated("ZwFreeVirtualMemory of a part of a region");
  if (!region->decommitted) mach_user_unmap(region->base);
  region->decommitted = true;
  *size = region->size;
  if (type == MEM_DECOMMIT) return STATUS_SUCCESS;
  Region** at = &regions;
  while (*at != region) at = &(*at)->next;
  *at = region->next;
  return STATUS_SUCCESS;
}

}  // namespace

void reset_virtual_memory() {
  regions = nullptr;
}

}  // namespace nt

extern "C" {

NTSYSAPI NTSTATUS NTAPI ZwAllocateVirtualMemory(HANDLE ProcessHandle, PVOID* BaseAddress, ULONG_PTR, PSIZE_T RegionSize,
                                                ULONG AllocationType, ULONG) {
  DDI_ENTER(ZwAllocateVirtualMemory, nullptr);
  const NTSTATUS status = nt::process_of(ProcessHandle, "ZwAllocateVirtualMemory in another process");
  return NT_SUCCESS(status) ? nt::allocate(BaseAddress, RegionSize, AllocationType) : status;
}

NTSYSAPI NTSTATUS NTAPI ZwFreeVirtualMemory(HANDLE ProcessHandle, PVOID* BaseAddress, PSIZE_T RegionSize, ULONG FreeType) {
  DDI_ENTER(ZwFreeVirtualMemory, nullptr);
  const NTSTATUS status = nt::process_of(ProcessHandle, "ZwFreeVirtualMemory in another process");
  return NT_SUCCESS(status) ? nt::release(BaseAddress, RegionSize, FreeType) : status;
}

}  // extern "C"
