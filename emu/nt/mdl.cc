/* Memory descriptor lists and the probes of user memory. */
#include "emu/nt/mdl.h"

namespace nt {
namespace {

constexpr m_u32 kMdlTag = 0x206c644d; /* 'Mdl ' */
constexpr ULONG_PTR kPage = 0x1000;
/* Addresses below belong to no arena, but to user mode: null pointers and their neighbourhood. */
constexpr ULONG_PTR kLowestArenaAddress = 0x100000;

void* start_of(const MDL* mdl) {
  return (char*)mdl->StartVa + mdl->ByteOffset;
}

SIZE_T size_of_mdl(const void* address, SIZE_T length) {
  const ULONG_PTR first = (ULONG_PTR)address & ~(kPage - 1);
  const ULONG_PTR end = ((ULONG_PTR)address + length + kPage - 1) & ~(kPage - 1);
  return sizeof(MDL) + (end - first) / kPage * sizeof(ULONG_PTR);
}

void initialize(PMDL mdl, PVOID address, SIZE_T length) {
  mdl->Next = nullptr;
  mdl->Size = (CSHORT)size_of_mdl(address, length);
  mdl->MdlFlags = 0;
  mdl->Process = nullptr;
  mdl->MappedSystemVa = nullptr;
  mdl->StartVa = (PVOID)((ULONG_PTR)address & ~(kPage - 1));
  mdl->ByteOffset = (ULONG)((ULONG_PTR)address & (kPage - 1));
  mdl->ByteCount = (ULONG)length;
}

PVOID map(PMDL mdl) {
  mdl->MappedSystemVa = kernel_alias(start_of(mdl));
  mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
  if (mdl->MdlFlags & MDL_PARTIAL) mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
  return mdl->MappedSystemVa;
}

void unmap(PMDL mdl) {
  mdl->MdlFlags &= (CSHORT) ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_FREE_EXTRA_PTES);
  mdl->MappedSystemVa = nullptr;
}

}  // namespace

bool is_user_range(const void* address, SIZE_T length) {
  const auto begin = (ULONG_PTR)address;
  const ULONG_PTR last = begin + (length ? length - 1 : 0);
  if (last < begin) return false;
  return last < kLowestArenaAddress || mach_user_address((const void*)last);
}

void* kernel_alias(const void* address) {
  return mach_user_address(address) ? mach_user_alias(address) : (void*)address;
}

PMDL mdl_allocate(PVOID address, ULONG length, const void* pc, bool by_kernel) {
  auto* mdl = (PMDL)mach_pool_alloc(size_of_mdl(address, length), kMdlTag,
                                    MACH_POOL_ZERO | (by_kernel ? MACH_POOL_KERNEL : 0), pc);
  if (mdl) initialize(mdl, address, length);
  return mdl;
}

PMDL mdl_allocate_sure(PVOID address, ULONG length, const void* pc) {
  auto* mdl = (PMDL)mach_pool_alloc(size_of_mdl(address, length), kMdlTag, MACH_POOL_ZERO | MACH_POOL_NO_FAIL, pc);
  initialize(mdl, address, length);
  return mdl;
}

void mdl_free(PMDL mdl, const void* pc) {
  if (mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) unmap(mdl);
  mach_pool_free(mdl, 0, pc);
}

void mdl_probe_and_lock(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation) {
  void* start = start_of(mdl);
  const bool user = is_user_range(start, mdl->ByteCount);
  const bool writes = operation != IoReadAccess;
  if (mode != KernelMode && !user) RtlRaiseStatus(STATUS_ACCESS_VIOLATION);
  if (user && !mach_user_mapped(start, mdl->ByteCount, writes)) RtlRaiseStatus(STATUS_ACCESS_VIOLATION);
  mach_pages_lock(start, mdl->ByteCount, 1);
  mdl->MdlFlags |= MDL_PAGES_LOCKED;
  if (writes) mdl->MdlFlags |= MDL_WRITE_OPERATION;
}

void mdl_unlock(PMDL mdl) {
  if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) unmap(mdl);
  if (mdl->MdlFlags & MDL_PAGES_LOCKED) mach_pages_lock(start_of(mdl), mdl->ByteCount, -1);
  mdl->MdlFlags &= (CSHORT) ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
}

static void append(PIRP irp, PMDL mdl) {
  PMDL* at = &irp->MdlAddress;
  while (*at) at = &(*at)->Next;
  *at = mdl;
}

static void check_alignment(const void* address, ULONG alignment) {
  if ((ULONG_PTR)address & (alignment - 1)) RtlRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
}

}  // namespace nt

extern "C" {

NTKERNELAPI PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN, PIRP Irp) {
  DDI_ENTER(IoAllocateMdl, Irp);
  PMDL mdl = nt::mdl_allocate(VirtualAddress, Length, ddi.pc(), false);
  if (!mdl || !Irp) return mdl;
  if (SecondaryBuffer)
    nt::append(Irp, mdl);
  else
    Irp->MdlAddress = mdl;
  return mdl;
}

NTKERNELAPI VOID NTAPI IoFreeMdl(PMDL Mdl) {
  DDI_ENTER(IoFreeMdl, Mdl);
  nt::mdl_free(Mdl, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length) {
  DDI_ENTER(IoBuildPartialMdl, TargetMdl);
  const auto offset = (ULONG)((char*)VirtualAddress - (char*)nt::start_of(SourceMdl));
  if (Length == 0) Length = SourceMdl->ByteCount - offset;
  const CSHORT size = TargetMdl->Size;
  PMDL next = TargetMdl->Next;
  nt::initialize(TargetMdl, VirtualAddress, Length);
  TargetMdl->Size = size;
  TargetMdl->Next = next;
  TargetMdl->MdlFlags = (CSHORT)(MDL_PARTIAL | (SourceMdl->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_IO_SPACE)));
  if (SourceMdl->MappedSystemVa) {
    TargetMdl->MappedSystemVa = (char*)SourceMdl->MappedSystemVa + offset;
    if (SourceMdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
      TargetMdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA | MDL_PARENT_MAPPED_SYSTEM_VA;
  }
}

NTKERNELAPI VOID NTAPI MmBuildMdlForNonPagedPool(PMDLX MemoryDescriptorList) {
  DDI_ENTER(MmBuildMdlForNonPagedPool, MemoryDescriptorList);
  MemoryDescriptorList->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
  MemoryDescriptorList->MappedSystemVa = nt::start_of(MemoryDescriptorList);
}

NTKERNELAPI VOID NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                           LOCK_OPERATION Operation) {
  DDI_ENTER(MmProbeAndLockPages, MemoryDescriptorList);
  if (mach_irql() > APC_LEVEL && mach_user_address(nt::start_of(MemoryDescriptorList)))
    mach_irql_violation("MmProbeAndLockPages on user memory above APC_LEVEL", 0, ddi.pc());
  if (AccessMode != KernelMode && nt::out_of_resources()) RtlRaiseStatus(STATUS_WORKING_SET_QUOTA);
  nt::mdl_probe_and_lock(MemoryDescriptorList, AccessMode, Operation);
}

NTKERNELAPI VOID NTAPI MmUnlockPages(PMDL MemoryDescriptorList) {
  DDI_ENTER(MmUnlockPages, MemoryDescriptorList);
  nt::mdl_unlock(MemoryDescriptorList);
}

NTKERNELAPI PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode) {
  DDI_ENTER(MmMapLockedPages, MemoryDescriptorList);
  if (AccessMode != KernelMode) mach_not_emulated("MmMapLockedPages into user mode");
  return nt::map(MemoryDescriptorList);
}

NTKERNELAPI PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDLX MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                                     MEMORY_CACHING_TYPE, PVOID, ULONG BugCheckOnFailure,
                                                     MM_PAGE_PRIORITY) {
  DDI_ENTER(MmMapLockedPagesSpecifyCache, MemoryDescriptorList);
  if (AccessMode != KernelMode) mach_not_emulated("MmMapLockedPagesSpecifyCache into user mode");
  /* Page table entries run out as pool does. */
  if (!BugCheckOnFailure && mach_choose(CHOICE_MapFails, 2)) return nullptr;
  return nt::map(MemoryDescriptorList);
}

/* Mapped once, the address is kept in the MDL. */
NTKERNELAPI PVOID NTAPI MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG) {
  DDI_ENTER(MmGetSystemAddressForMdlSafe, Mdl);
  if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) return Mdl->MappedSystemVa;
  return mach_choose(CHOICE_MapFails, 2) ? nullptr : nt::map(Mdl);
}

NTKERNELAPI PVOID NTAPI MmGetSystemAddressForMdl(PMDL Mdl) {
  DDI_ENTER(MmGetSystemAddressForMdl, Mdl);
  if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) return Mdl->MappedSystemVa;
  return nt::map(Mdl);
}

NTKERNELAPI VOID NTAPI MmUnmapLockedPages(PVOID, PMDL MemoryDescriptorList) {
  DDI_ENTER(MmUnmapLockedPages, MemoryDescriptorList);
  nt::unmap(MemoryDescriptorList);
}

NTKERNELAPI SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length) {
  DDI_ENTER(MmSizeOfMdl, Base);
  return nt::size_of_mdl(Base, Length);
}

NTKERNELAPI VOID NTAPI ProbeForRead(CONST VOID* Address, SIZE_T Length, ULONG Alignment) {
  DDI_ENTER(ProbeForRead, Address);
  if (Length == 0) return;
  nt::check_alignment(Address, Alignment);
  if (!nt::is_user_range(Address, Length)) RtlRaiseStatus(STATUS_ACCESS_VIOLATION);
}

NTKERNELAPI VOID NTAPI ProbeForWrite(PVOID Address, SIZE_T Length, ULONG Alignment) {
  DDI_ENTER(ProbeForWrite, Address);
  if (Length == 0) return;
  nt::check_alignment(Address, Alignment);
  if (!nt::is_user_range(Address, Length) || !mach_user_mapped(Address, Length, 1))
    RtlRaiseStatus(STATUS_ACCESS_VIOLATION);
}

}  // extern "C"
