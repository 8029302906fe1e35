/* Physically contiguous memory. Physical addresses do not exist here, so any bounds on them are met. */
#include "emu/nt/object_life.h"

namespace nt {
namespace {

constexpr m_u32 kContiguousTag = 0x6d436d4d; /* 'MmCm' */

void* allocate(SIZE_T bytes, const void* pc) {
  return bytes ? mach_pool_alloc(bytes, kContiguousTag, MACH_POOL_WHOLE_PAGES, pc) : nullptr;
}

void free(void* base, const void* pc) {
  memory_goes(base, mach_pool_size(base), pc);
  mach_pool_free(base, kContiguousTag, pc);
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS) {
  DDI_ENTER(MmAllocateContiguousMemory, nullptr);
  return nt::allocate(NumberOfBytes, ddi.pc());
}

NTKERNELAPI PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS, PHYSICAL_ADDRESS,
                                                               PHYSICAL_ADDRESS, MEMORY_CACHING_TYPE) {
  DDI_ENTER(MmAllocateContiguousMemorySpecifyCache, nullptr);
  return nt::allocate(NumberOfBytes, ddi.pc());
}

NTKERNELAPI VOID NTAPI MmFreeContiguousMemory(PVOID BaseAddress) {
  DDI_ENTER(MmFreeContiguousMemory, BaseAddress);
  nt::free(BaseAddress, ddi.pc());
}

NTKERNELAPI VOID NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T, MEMORY_CACHING_TYPE) {
  DDI_ENTER(MmFreeContiguousMemorySpecifyCache, BaseAddress);
  nt::free(BaseAddress, ddi.pc());
}

}  // extern "C"
