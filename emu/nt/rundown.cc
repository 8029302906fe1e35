/* Run-down protection: a count of users, and a wait for the last of them after which nobody gets in any more.
 *
 * EX_RUNDOWN_REF is twice the count; with the low bit set run-down has begun, and the rest points to what the waiter
 * keeps on its stack. The cache-aware form has one count here, too: what it saves is time.
 */
#include "emu/nt/wait.h"

/* Opaque to drivers. */
struct _EX_RUNDOWN_REF_CACHE_AWARE {
  EX_RUNDOWN_REF ref;
};

namespace nt {
namespace {

struct WaitBlock {
  ULONG_PTR count; /* users still in */
  KEVENT last_one_left;
};

constexpr ULONG_PTR kActive = EX_RUNDOWN_ACTIVE;

m_u32 object_of(PEX_RUNDOWN_REF ref) {
  return mach_object(OBJECT_Rundown, ref);
}

/* Null unless somebody waits. */
WaitBlock* wait_block(PEX_RUNDOWN_REF ref) {
  return (ref->Count & kActive) ? (WaitBlock*)(ref->Count & ~kActive) : nullptr;
}

bool acquire(PEX_RUNDOWN_REF ref, ULONG count) {
  if (ref->Count & kActive) return false;
  ref->Count += (ULONG_PTR)count * EX_RUNDOWN_COUNT_INC;
  return true;
}

/* FAST_FAIL_INVALID_REFERENCE_COUNT: more releases than acquires. */
[[noreturn]] void underflow(PEX_RUNDOWN_REF ref, const void* pc) {
  constexpr m_u64 kInvalidReferenceCount = 14;
  mach_bug_check(0x139, kInvalidReferenceCount, 0, 0, (m_u64)ref, pc);
}

void release(PEX_RUNDOWN_REF ref, ULONG count, const void* pc) {
  if (WaitBlock* block = wait_block(ref)) {
    if (block->count < count) underflow(ref, pc);
    block->count -= count;
    if (block->count == 0) set_event(&block->last_one_left, pc);
    return;
  }
  if (ref->Count < (ULONG_PTR)count * EX_RUNDOWN_COUNT_INC) underflow(ref, pc);
  ref->Count -= (ULONG_PTR)count * EX_RUNDOWN_COUNT_INC;
}

void wait_for_block(PEX_RUNDOWN_REF ref, WaitBlock* block, const void* pc) {
  if (block->count > 0) wait_one(&block->last_one_left.Header, 0, object_of(ref), ref, pc);
}

/* Who asks while another one waits, waits with it. */
void wait_for_release(PEX_RUNDOWN_REF ref, const void* pc) {
  if (WaitBlock* block = wait_block(ref)) return wait_for_block(ref, block, pc);
  if ((ref->Count & ~kActive) == 0) {
    ref->Count = kActive;
    return;
  }
  WaitBlock block = {ref->Count / EX_RUNDOWN_COUNT_INC, {}};
  init_event(&block.last_one_left, NotificationEvent, false);
  ref->Count = (ULONG_PTR)&block | kActive;
  wait_for_block(ref, &block, pc);
  ref->Count = kActive;
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI VOID FASTCALL ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
  DDI_ENTER(ExInitializeRundownProtection, RunRef);
  RunRef->Count = 0;
}

NTKERNELAPI VOID FASTCALL ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
  DDI_ENTER(ExReInitializeRundownProtection, RunRef);
  RunRef->Count = 0;
}

NTKERNELAPI BOOLEAN FASTCALL ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef) {
  DDI_ENTER(ExAcquireRundownProtection, RunRef);
  return nt::acquire(RunRef, 1);
}

NTKERNELAPI BOOLEAN FASTCALL ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
  DDI_ENTER(ExAcquireRundownProtectionEx, RunRef);
  return nt::acquire(RunRef, Count);
}

NTKERNELAPI VOID FASTCALL ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef) {
  DDI_ENTER(ExReleaseRundownProtection, RunRef);
  nt::release(RunRef, 1, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
  DDI_ENTER(ExReleaseRundownProtectionEx, RunRef);
  nt::release(RunRef, Count, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef) {
  DDI_ENTER(ExWaitForRundownProtectionRelease, RunRef);
  nt::wait_for_release(RunRef, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExRundownCompleted(PEX_RUNDOWN_REF RunRef) {
  DDI_ENTER(ExRundownCompleted, RunRef);
  RunRef->Count = nt::kActive;
}

NTKERNELAPI PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType, ULONG PoolTag) {
  DDI_ENTER(ExAllocateCacheAwareRundownProtection, nullptr);
  const m_u32 flags = MACH_POOL_ZERO | (PoolType & 1 ? MACH_POOL_PAGED : 0);
  return (PEX_RUNDOWN_REF_CACHE_AWARE)mach_pool_alloc(sizeof(_EX_RUNDOWN_REF_CACHE_AWARE), PoolTag, flags, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  DDI_ENTER(ExFreeCacheAwareRundownProtection, RunRefCacheAware);
  mach_pool_free(RunRefCacheAware, 0, ddi.pc());
}

NTKERNELAPI SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(VOID) {
  DDI_ENTER(ExSizeOfRundownProtectionCacheAware, nullptr);
  return sizeof(_EX_RUNDOWN_REF_CACHE_AWARE);
}

NTKERNELAPI VOID NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                               SIZE_T RunRefSize) {
  DDI_ENTER(ExInitializeRundownProtectionCacheAware, RunRefCacheAware);
  if (RunRefSize < sizeof(_EX_RUNDOWN_REF_CACHE_AWARE))
    mach_not_emulated("ExInitializeRundownProtectionCacheAware with less than ExSizeOfRundownProtectionCacheAware bytes");
  RunRefCacheAware->ref.Count = 0;
}

NTKERNELAPI BOOLEAN FASTCALL ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  DDI_ENTER(ExAcquireRundownProtectionCacheAware, RunRefCacheAware);
  return nt::acquire(&RunRefCacheAware->ref, 1);
}

NTKERNELAPI BOOLEAN FASTCALL ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                                    ULONG Count) {
  DDI_ENTER(ExAcquireRundownProtectionCacheAwareEx, RunRefCacheAware);
  return nt::acquire(&RunRefCacheAware->ref, Count);
}

NTKERNELAPI VOID FASTCALL ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  DDI_ENTER(ExReleaseRundownProtectionCacheAware, RunRefCacheAware);
  nt::release(&RunRefCacheAware->ref, 1, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, ULONG Count) {
  DDI_ENTER(ExReleaseRundownProtectionCacheAwareEx, RunRef);
  nt::release(&RunRef->ref, Count, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef) {
  DDI_ENTER(ExWaitForRundownProtectionReleaseCacheAware, RunRef);
  nt::wait_for_release(&RunRef->ref, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  DDI_ENTER(ExReInitializeRundownProtectionCacheAware, RunRefCacheAware);
  RunRefCacheAware->ref.Count = 0;
}

NTKERNELAPI VOID FASTCALL ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  DDI_ENTER(ExRundownCompletedCacheAware, RunRefCacheAware);
  RunRefCacheAware->ref.Count = nt::kActive;
}

}  // extern "C"
