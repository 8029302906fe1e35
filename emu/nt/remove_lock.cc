/* Remove locks: a count of the requests under way, and a wait for the last of them. Not a lock in the lock graph. */
#include "emu/nt/irp.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

/* An acquisition that has not been released. Windows compares tags only under Driver Verifier; the count does not need them. */
struct Acquisition {
  Acquisition* next;
  PIO_REMOVE_LOCK lock;
  PVOID tag;
  m_u32 irp; /* that is the tag, or 0 */
  m_u32 number;
};

Acquisition* acquisitions; /* the newest first */
m_u32 acquired;            /* so far */

}  // namespace

void reset_remove_lock() {
  acquisitions = nullptr;
  acquired = 0;
}

/* Counts by `change`; the last one out wakes the waiter. */
static void count(PIO_REMOVE_LOCK lock, LONG change) {
  lock->Common.IoCount = lock->Common.IoCount + change;
  if (lock->Common.IoCount == 0) set_event(&lock->Common.RemoveEvent);
}

static m_u32 number(PIO_REMOVE_LOCK lock) {
  return mach_object(OBJECT_RemoveLock, lock);
}

/* The IRP that a driver gives as tag, or 0: any pointer may be one. */
static m_u32 tagged_irp(PVOID tag) {
  const IrpRecord* record = irp_find((PIRP)tag);
  return record ? record->object : 0;
}

static m_u32 note_acquired(PIO_REMOVE_LOCK lock, PVOID tag) {
  auto* one = (Acquisition*)mach_pool_alloc(sizeof(Acquisition), 0, MACH_POOL_KERNEL, nullptr);
  *one = {acquisitions, lock, tag, tagged_irp(tag), ++acquired};
  acquisitions = one;
  return one->number;
}

/* RemoveRelease of that tag, which is compared as a pointer: its IRP may be another by now. */
static void note_released(PIO_REMOVE_LOCK lock, PVOID tag, m_u64 waits, const void* pc) {
  Acquisition** at = &acquisitions;
  while (*at && ((*at)->lock != lock || (*at)->tag != tag)) at = &(*at)->next;
  Acquisition* one = *at;
  if (!one) return mach_event(EVENT_RemoveRelease, number(lock), waits | 2, tagged_irp(tag), pc);
  *at = one->next;
  const m_u32 irp = one->irp;
  const m_u64 how = waits | (m_u64)one->number << 32;
  mach_pool_free(one, 0, nullptr);
  mach_event(EVENT_RemoveRelease, number(lock), how, irp, pc);
}

/* A lock that is made anew: its memory may have been another's. */
static void forget_acquisitions(PIO_REMOVE_LOCK lock) {
  for (Acquisition** at = &acquisitions; *at;) {
    Acquisition* one = *at;
    if (one->lock != lock) {
      at = &one->next;
      continue;
    }
    *at = one->next;
    mach_pool_free(one, 0, nullptr);
  }
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG, ULONG, ULONG, ULONG) {
  DDI_ENTER(IoInitializeRemoveLockEx, Lock);
  nt::forget_acquisitions(Lock);
  Lock->Common.Removed = FALSE;
  Lock->Common.IoCount = 1;
  nt::init_event(&Lock->Common.RemoveEvent, SynchronizationEvent, false);
}

NTKERNELAPI NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR, ULONG, ULONG) {
  DDI_ENTER(IoAcquireRemoveLockEx, RemoveLock);
  nt::count(RemoveLock, 1);
  const NTSTATUS status = RemoveLock->Common.Removed ? STATUS_DELETE_PENDING : STATUS_SUCCESS;
  if (status != STATUS_SUCCESS) nt::count(RemoveLock, -1);
  const m_u64 acquisition = status == STATUS_SUCCESS ? nt::note_acquired(RemoveLock, Tag) : 0;
  mach_event(EVENT_RemoveAcquire, nt::number(RemoveLock), (m_u32)status | acquisition << 32, nt::tagged_irp(Tag), ddi.pc());
  return status;
}

NTKERNELAPI VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG) {
  DDI_ENTER(IoReleaseRemoveLockEx, RemoveLock);
  nt::note_released(RemoveLock, Tag, 0, ddi.pc());
  nt::count(RemoveLock, -1);
}

NTKERNELAPI VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG) {
  DDI_ENTER(IoReleaseRemoveLockAndWaitEx, RemoveLock);
  nt::note_released(RemoveLock, Tag, 1, ddi.pc());
  RemoveLock->Common.Removed = TRUE;
  /* The caller's own acquisition and the one that stands for the device. */
  RemoveLock->Common.IoCount = RemoveLock->Common.IoCount - 2;
  if (RemoveLock->Common.IoCount > 0) nt::wait_event(&RemoveLock->Common.RemoveEvent, ddi.pc());
}

}  // extern "C"
