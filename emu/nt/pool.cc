/* Pool. Blocks come from the machine, which finds overflows, use after free and leaks and lets allocations fail. */
#include "emu/nt/pool.h"

#include "emu/nt/object_life.h"

namespace nt {
namespace {

constexpr m_u32 kPagedBit = 1;
constexpr m_u32 kMustSucceedBit = 2;
constexpr ULONG kNoTag = 'enoN';

[[noreturn]] void raise_no_memory() {
  RtlRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
  __builtin_unreachable();
}

void* allocate(m_u64 size, ULONG tag, m_u32 flags, bool raises, const void* pc) {
  if ((flags & MACH_POOL_PAGED) && mach_irql() > APC_LEVEL)
    mach_irql_violation("paged pool allocated above APC_LEVEL", 0, pc);
  void* block = mach_pool_alloc(size, tag, flags, pc);
  if (!block && raises) raise_no_memory();
  return block;
}

bool fails_with_null(ULONG type) {
  return !(type & POOL_RAISE_IF_ALLOCATION_FAILURE);
}

/* The quota forms raise unless told otherwise. */
void* allocate_quota(ULONG type, SIZE_T size, ULONG tag, const void* pc) {
  const bool raises = !(type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) || !fails_with_null(type);
  return allocate(size, tag, type & kPagedBit ? MACH_POOL_PAGED : 0, raises, pc);
}

void* allocate2(POOL_FLAGS flags, SIZE_T size, ULONG tag, const void* pc) {
  const bool raises = flags & POOL_FLAG_RAISE_ON_FAILURE;
  const bool paged = flags & POOL_FLAG_PAGED;
  const bool nonpaged = flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE);
  if (paged == nonpaged) {
    if (raises) RtlRaiseStatus(STATUS_INVALID_PARAMETER);
    return nullptr;
  }
  m_u32 kind = paged ? MACH_POOL_PAGED : 0;
  if (!(flags & POOL_FLAG_UNINITIALIZED)) kind |= MACH_POOL_ZERO;
  return allocate(size, tag, kind, raises, pc);
}

}  // namespace

void* pool_allocate(ULONG type, SIZE_T size, ULONG tag, const void* pc) {
  m_u32 flags = type & kPagedBit ? MACH_POOL_PAGED : 0;
  if (type & POOL_ZERO_ALLOCATION) flags |= MACH_POOL_ZERO;
  void* block = allocate(size, tag, flags, !fails_with_null(type), pc);
  if (!block && (type & kMustSucceedBit)) mach_bug_check(0x41, size, 0, 0, 0, pc); /* MUST_SUCCEED_POOL_EMPTY */
  return block;
}

void pool_free(void* block, ULONG tag, const void* pc) {
  if (!block) mach_bug_check(0xC2, 0x46, 0, 0, 0, pc); /* BAD_POOL_CALLER */
  if (mach_irql() > APC_LEVEL && mach_pool_is_paged(block))
    mach_irql_violation("paged pool freed above APC_LEVEL", mach_object(OBJECT_Pool, block), pc);
  memory_goes(block, mach_pool_size(block), pc);
  mach_pool_free(block, tag, pc);
}

}  // namespace nt

extern "C" {

NTKERNELAPI PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes) {
  DDI_ENTER(ExAllocatePool, nullptr);
  return nt::pool_allocate(PoolType, NumberOfBytes, nt::kNoTag, ddi.pc());
}

NTKERNELAPI PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  DDI_ENTER(ExAllocatePoolWithTag, nullptr);
  return nt::pool_allocate(PoolType, NumberOfBytes, Tag, ddi.pc());
}

NTKERNELAPI PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                                      EX_POOL_PRIORITY) {
  DDI_ENTER(ExAllocatePoolWithTagPriority, nullptr);
  return nt::pool_allocate(PoolType, NumberOfBytes, Tag, ddi.pc());
}

NTKERNELAPI PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes) {
  DDI_ENTER(ExAllocatePoolWithQuota, nullptr);
  return nt::allocate_quota(PoolType, NumberOfBytes, nt::kNoTag, ddi.pc());
}

NTKERNELAPI PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  DDI_ENTER(ExAllocatePoolWithQuotaTag, nullptr);
  return nt::allocate_quota(PoolType, NumberOfBytes, Tag, ddi.pc());
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag) {
  DDI_ENTER(ExAllocatePool2, nullptr);
  return nt::allocate2(Flags, NumberOfBytes, Tag, ddi.pc());
}

PVOID NTAPI ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag, PCPOOL_EXTENDED_PARAMETER Parameters,
                            ULONG ExtendedParametersCount) {
  DDI_ENTER(ExAllocatePool3, nullptr);
  for (ULONG i = 0; i < ExtendedParametersCount; ++i)
    if (Parameters[i].Type == PoolExtendedParameterSecurePool) mach_not_emulated("ExAllocatePool3 from a secure pool");
  return nt::allocate2(Flags, NumberOfBytes, Tag, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExFreePool(PVOID P) {
  DDI_ENTER(ExFreePool, P);
  nt::pool_free(P, 0, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag) {
  DDI_ENTER(ExFreePoolWithTag, P);
  nt::pool_free(P, Tag, ddi.pc());
}

VOID NTAPI ExFreePool2(PVOID Pool, ULONG Tag, PCPOOL_EXTENDED_PARAMETER, ULONG ExtendedParametersCount) {
  DDI_ENTER(ExFreePool2, Pool);
  if (ExtendedParametersCount) mach_not_emulated("ExFreePool2 with parameters");
  nt::pool_free(Pool, Tag, ddi.pc());
}

}  // extern "C"
