/* Executive spin locks: many readers or one writer, and a writer that waits keeps new readers out. Who holds one and who
 * spins is the machine's; here are the IRQL and the order of effects. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

constexpr m_u32 kShared = MACH_LOCK_EX_SHARED;
constexpr m_u32 kExclusive = MACH_LOCK_EX_EXCLUSIVE;

KIRQL acquire_raise(PEX_SPIN_LOCK lock, m_u32 kind, const void* pc) {
  const KIRQL old = mach_raise_irql(DISPATCH_LEVEL, pc);
  mach_lock_acquire((void*)lock, kind, old, pc);
  return old;
}

void release_lower(PEX_SPIN_LOCK lock, m_u32 kind, KIRQL to, const void* pc) {
  mach_lock_release((void*)lock, kind, to, pc);
  mach_lower_irql(to, pc);
}

void acquire_at_dpc(PEX_SPIN_LOCK lock, m_u32 kind, const void* pc) {
  mach_lock_acquire((void*)lock, kind | MACH_LOCK_AT_DPC, mach_irql(), pc);
}

void release_from_dpc(PEX_SPIN_LOCK lock, m_u32 kind, const void* pc) {
  mach_lock_release((void*)lock, kind | MACH_LOCK_AT_DPC, mach_irql(), pc);
}

}  // namespace
}  // namespace nt

extern "C" {

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExAcquireSpinLockShared, SpinLock);
  return nt::acquire_raise(SpinLock, nt::kShared, ddi.pc());
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExAcquireSpinLockExclusive, SpinLock);
  return nt::acquire_raise(SpinLock, nt::kExclusive, ddi.pc());
}

VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
  DDI_ENTER(ExReleaseSpinLockShared, SpinLock);
  nt::release_lower(SpinLock, nt::kShared, OldIrql, ddi.pc());
}

VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
  DDI_ENTER(ExReleaseSpinLockExclusive, SpinLock);
  nt::release_lower(SpinLock, nt::kExclusive, OldIrql, ddi.pc());
}

VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExAcquireSpinLockSharedAtDpcLevel, SpinLock);
  nt::acquire_at_dpc(SpinLock, nt::kShared, ddi.pc());
}

VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExAcquireSpinLockExclusiveAtDpcLevel, SpinLock);
  nt::acquire_at_dpc(SpinLock, nt::kExclusive, ddi.pc());
}

VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExReleaseSpinLockSharedFromDpcLevel, SpinLock);
  nt::release_from_dpc(SpinLock, nt::kShared, ddi.pc());
}

VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExReleaseSpinLockExclusiveFromDpcLevel, SpinLock);
  nt::release_from_dpc(SpinLock, nt::kExclusive, ddi.pc());
}

/* Succeeds for the only reader when no writer waits. The lock is then released with an exclusive routine. */
LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExTryConvertSharedSpinLockExclusive, SpinLock);
  return mach_lock_convert((void*)SpinLock, ddi.pc()) != 0;
}

LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExTryAcquireSpinLockSharedAtDpcLevel, SpinLock);
  return mach_lock_try((void*)SpinLock, nt::kShared | MACH_LOCK_AT_DPC, mach_irql(), ddi.pc()) != 0;
}

LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  DDI_ENTER(ExTryAcquireSpinLockExclusiveAtDpcLevel, SpinLock);
  return mach_lock_try((void*)SpinLock, nt::kExclusive | MACH_LOCK_AT_DPC, mach_irql(), ddi.pc()) != 0;
}

}  // extern "C"
