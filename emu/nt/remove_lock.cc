/* Remove locks: a count of the requests under way, and a wait for the last of them. Not a lock in the lock graph. */
#include "emu/nt/nt.h"
#include "emu/nt/wait.h"

namespace nt {

/* Counts by `change`; the last one out wakes the waiter. */
static void count(PIO_REMOVE_LOCK lock, LONG change) {
  lock->Common.IoCount = lock->Common.IoCount + change;
  if (lock->Common.IoCount == 0) set_event(&lock->Common.RemoveEvent);
}

static m_u32 number(PIO_REMOVE_LOCK lock) {
  return mach_object(OBJECT_RemoveLock, lock);
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG, ULONG, ULONG, ULONG) {
  DDI_ENTER(IoInitializeRemoveLockEx, Lock);
  Lock->Common.Removed = FALSE;
  Lock->Common.IoCount = 1;
  nt::init_event(&Lock->Common.RemoveEvent, SynchronizationEvent, false);
}

NTKERNELAPI NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID, PCSTR, ULONG, ULONG) {
  DDI_ENTER(IoAcquireRemoveLockEx, RemoveLock);
  nt::count(RemoveLock, 1);
  const NTSTATUS status = RemoveLock->Common.Removed ? STATUS_DELETE_PENDING : STATUS_SUCCESS;
  if (status != STATUS_SUCCESS) nt::count(RemoveLock, -1);
  mach_event(EVENT_RemoveAcquire, nt::number(RemoveLock), (m_u32)status, 0, ddi.pc());
  return status;
}

NTKERNELAPI VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID, ULONG) {
  DDI_ENTER(IoReleaseRemoveLockEx, RemoveLock);
  mach_event(EVENT_RemoveRelease, nt::number(RemoveLock), 0, 0, ddi.pc());
  nt::count(RemoveLock, -1);
}

NTKERNELAPI VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID, ULONG) {
  DDI_ENTER(IoReleaseRemoveLockAndWaitEx, RemoveLock);
  mach_event(EVENT_RemoveRelease, nt::number(RemoveLock), 1, 0, ddi.pc());
  RemoveLock->Common.Removed = TRUE;
  /* The caller's own acquisition and the one that stands for the device. */
  RemoveLock->Common.IoCount = RemoveLock->Common.IoCount - 2;
  if (RemoveLock->Common.IoCount > 0) nt::wait_event(&RemoveLock->Common.RemoveEvent, ddi.pc());
}

}  // extern "C"
