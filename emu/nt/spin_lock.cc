/* Spin locks. Who holds one and who spins is the machine's; here are the IRQL and the order of effects. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

constexpr KIRQL kSynchLevel = 12;
constexpr m_u32 kAtDpc = MACH_LOCK_SPIN | MACH_LOCK_AT_DPC;

KIRQL acquire_raise(PKSPIN_LOCK lock, KIRQL to, const void* pc) {
  const KIRQL old = mach_raise_irql(to, pc);
  mach_lock_acquire(lock, MACH_LOCK_SPIN, old, pc);
  return old;
}

void release_lower(PKSPIN_LOCK lock, KIRQL to, const void* pc) {
  mach_lock_release(lock, MACH_LOCK_SPIN, to, pc);
  mach_lower_irql(to, pc);
}

/* A threaded DPC runs at PASSIVE_LEVEL or at DISPATCH_LEVEL; its lock works in both. */
KIRQL acquire_for_dpc(PKSPIN_LOCK lock, const void* pc) {
  const KIRQL old = mach_irql();
  if (old < DISPATCH_LEVEL) mach_raise_irql(DISPATCH_LEVEL, pc);
  mach_lock_acquire(lock, MACH_LOCK_SPIN, old, pc);
  return old;
}

void release_for_dpc(PKSPIN_LOCK lock, KIRQL old, const void* pc) {
  mach_lock_release(lock, MACH_LOCK_SPIN, old, pc);
  if (old < DISPATCH_LEVEL) mach_lower_irql(old, pc);
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KeInitializeSpinLock, SpinLock);
  *SpinLock = 0;
  mach_lock_init(SpinLock, MACH_LOCK_SPIN, ddi.pc());
}

/* KeAcquireSpinLock is a macro over this one, which stores the old IRQL only when the lock is owned. */
NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KeAcquireSpinLockRaiseToDpc, SpinLock);
  return nt::acquire_raise(SpinLock, DISPATCH_LEVEL, ddi.pc());
}

NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KeAcquireSpinLockRaiseToSynch, SpinLock);
  return nt::acquire_raise(SpinLock, nt::kSynchLevel, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql) {
  DDI_ENTER(KeReleaseSpinLock, SpinLock);
  nt::release_lower(SpinLock, NewIrql, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KeAcquireSpinLockAtDpcLevel, SpinLock);
  mach_lock_acquire(SpinLock, nt::kAtDpc, mach_irql(), ddi.pc());
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KeReleaseSpinLockFromDpcLevel, SpinLock);
  mach_lock_release(SpinLock, nt::kAtDpc, mach_irql(), ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KeTryToAcquireSpinLockAtDpcLevel, SpinLock);
  return mach_lock_try(SpinLock, nt::kAtDpc, mach_irql(), ddi.pc()) != 0;
}

NTKERNELAPI BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KeTestSpinLock, SpinLock);
  return !mach_lock_is_held(SpinLock);
}

NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KeAcquireSpinLockForDpc, SpinLock);
  return nt::acquire_for_dpc(SpinLock, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql) {
  DDI_ENTER(KeReleaseSpinLockForDpc, SpinLock);
  nt::release_for_dpc(SpinLock, OldIrql, ddi.pc());
}

/* Names that older headers use. */
KIRQL NTAPI KfAcquireSpinLock(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KfAcquireSpinLock, SpinLock);
  return nt::acquire_raise(SpinLock, DISPATCH_LEVEL, ddi.pc());
}

VOID NTAPI KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql) {
  DDI_ENTER(KfReleaseSpinLock, SpinLock);
  nt::release_lower(SpinLock, NewIrql, ddi.pc());
}

VOID NTAPI KefAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KefAcquireSpinLockAtDpcLevel, SpinLock);
  mach_lock_acquire(SpinLock, nt::kAtDpc, mach_irql(), ddi.pc());
}

VOID NTAPI KefReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock) {
  DDI_ENTER(KefReleaseSpinLockFromDpcLevel, SpinLock);
  mach_lock_release(SpinLock, nt::kAtDpc, mach_irql(), ddi.pc());
}

}  // extern "C"
