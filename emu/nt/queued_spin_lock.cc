/* In-stack queued spin locks: granted in the order of arrival, the handle remembers lock and IRQL. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

void acquire(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle, KIRQL old, m_u32 kind, const void* pc) {
  mach_event(EVENT_QueueHandle, mach_object(OBJECT_LockHandle, handle), 1, 0, pc);
  handle->LockQueue.Next = nullptr;
  handle->LockQueue.Lock = lock;
  handle->OldIrql = old;
  mach_lock_acquire(lock, kind, old, pc);
}

void release(PKLOCK_QUEUE_HANDLE handle, KIRQL to, m_u32 kind, const void* pc) {
  mach_event(EVENT_QueueHandle, mach_object(OBJECT_LockHandle, handle), 0, mach_object(OBJECT_Lock, handle->LockQueue.Lock), pc);
  mach_lock_release(handle->LockQueue.Lock, kind, to, pc);
}

constexpr m_u32 kAtDpc = MACH_LOCK_QUEUED | MACH_LOCK_AT_DPC;

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
  DDI_ENTER(KeAcquireInStackQueuedSpinLock, SpinLock);
  const KIRQL old = mach_raise_irql(DISPATCH_LEVEL, ddi.pc());
  nt::acquire(SpinLock, LockHandle, old, MACH_LOCK_QUEUED, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle) {
  DDI_ENTER(KeReleaseInStackQueuedSpinLock, LockHandle->LockQueue.Lock);
  const KIRQL old = LockHandle->OldIrql;
  nt::release(LockHandle, old, MACH_LOCK_QUEUED, ddi.pc());
  mach_lower_irql(old, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
  DDI_ENTER(KeAcquireInStackQueuedSpinLockAtDpcLevel, SpinLock);
  nt::acquire(SpinLock, LockHandle, mach_irql(), nt::kAtDpc, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle) {
  DDI_ENTER(KeReleaseInStackQueuedSpinLockFromDpcLevel, LockHandle->LockQueue.Lock);
  nt::release(LockHandle, mach_irql(), nt::kAtDpc, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
  DDI_ENTER(KeAcquireInStackQueuedSpinLockForDpc, SpinLock);
  const KIRQL old = mach_irql();
  if (old < DISPATCH_LEVEL) mach_raise_irql(DISPATCH_LEVEL, ddi.pc());
  nt::acquire(SpinLock, LockHandle, old, MACH_LOCK_QUEUED, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle) {
  DDI_ENTER(KeReleaseInStackQueuedSpinLockForDpc, LockHandle->LockQueue.Lock);
  const KIRQL old = LockHandle->OldIrql;
  nt::release(LockHandle, old, MACH_LOCK_QUEUED, ddi.pc());
  if (old < DISPATCH_LEVEL) mach_lower_irql(old, ddi.pc());
}

}  // extern "C"
