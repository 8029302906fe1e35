/* Pages without a virtual address of their own, described by an MDL. Physical addresses do not exist here: any range of them
 * has pages. */
#include "emu/nt/mdl.h"

namespace nt {
namespace {

constexpr m_u32 kPagesTag = 0x67506d4d; /* 'MmPg' */
constexpr SIZE_T kPage = 0x1000;

/* How many of the bytes there are pages for just now. */
SIZE_T available(SIZE_T bytes, bool all_or_nothing) {
  enum { all, half, none };
  switch (mach_choose(CHOICE_PagesShort, 3)) {
    case all:
      return bytes;
    case half: {
      const SIZE_T some = bytes / 2 / kPage * kPage;
      return all_or_nothing ? 0 : some;
    }
    default:
      return 0;
  }
}

PMDL allocate(SIZE_T bytes, bool all_or_nothing, const void* pc) {
  constexpr SIZE_T kLargestMdl = 0xfffff000; /* ByteCount is a ULONG */
  bytes = (bytes + kPage - 1) / kPage * kPage;
  if (bytes > kLargestMdl) bytes = kLargestMdl;
  bytes = available(bytes, all_or_nothing);
  if (!bytes) return nullptr;
  void* pages = mach_pool_alloc(bytes, kPagesTag, MACH_POOL_ZERO | MACH_POOL_NO_FAIL, pc);
  if (!pages) return nullptr;
  PMDL mdl = mdl_allocate_sure(pages, (ULONG)bytes, pc);
  mdl->MdlFlags |= MDL_PAGES_LOCKED;
  return mdl;
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS, PHYSICAL_ADDRESS, PHYSICAL_ADDRESS, SIZE_T TotalBytes) {
  DDI_ENTER(MmAllocatePagesForMdl, nullptr);
  return nt::allocate(TotalBytes, false, ddi.pc());
}

NTKERNELAPI PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS, PHYSICAL_ADDRESS, PHYSICAL_ADDRESS, SIZE_T TotalBytes,
                                               MEMORY_CACHING_TYPE, ULONG Flags) {
  DDI_ENTER(MmAllocatePagesForMdlEx, nullptr);
  constexpr ULONG kFullyRequired = 0x4, kContiguousChunks = 0x20;
  return nt::allocate(TotalBytes, Flags & (kFullyRequired | kContiguousChunks), ddi.pc());
}

/* The pages go; the MDL itself is freed with ExFreePool. */
NTKERNELAPI VOID NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList) {
  DDI_ENTER(MmFreePagesFromMdl, MemoryDescriptorList);
  MemoryDescriptorList->MdlFlags &= (CSHORT)~MDL_PAGES_LOCKED;
  mach_pool_free((char*)MemoryDescriptorList->StartVa + MemoryDescriptorList->ByteOffset, nt::kPagesTag, ddi.pc());
}

}  // extern "C"
