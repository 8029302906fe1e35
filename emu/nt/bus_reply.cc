/* How the device below answers: at once or later, well or badly, from a DPC or from a thread, or only when it is cancelled. */
#include "emu/nt/bus.h"
#include "emu/nt/dpc.h"
#include "emu/nt/irp.h"
#include "emu/nt/mdl.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

/* An IRP that the device keeps. */
struct Kept {
  Kept* next;
  PIRP irp;
  NTSTATUS status;
  ULONG_PTR information;
  KDPC dpc;
  char timer; /* its address is the machine timer that ends the wait */
};

Kept* kept;

/* Does the device know controls? One that has answered a control well answers the next one well, until it says otherwise:
 * drivers send several before they take a device for theirs. */
bool knows_controls;

/* How long a device at most thinks about something that nobody cancels: longer than any driver's own time-out. */
constexpr m_u64 kPatience_100ns = 60ull * 10000000;

Kept* keep(PIRP irp, NTSTATUS status, ULONG_PTR information) {
  auto* one = (Kept*)mach_pool_alloc(sizeof(Kept), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  *one = {kept, irp, status, information, {}, 0};
  return kept = one;
}

/* Takes it off the list; null when somebody was faster. */
Kept* take(PIRP irp) {
  for (Kept** at = &kept; *at; at = &(*at)->next) {
    if ((*at)->irp != irp) continue;
    Kept* one = *at;
    *at = one->next;
    return one;
  }
  return nullptr;
}

void finish(Kept* one) {
  finish_irp(one->irp, one->status, one->information);
}

void NTAPI finish_in_dpc(PKDPC, PVOID context, PVOID, PVOID) {
  finish((Kept*)context);
}

void finish_in_thread(void* context) {
  finish((Kept*)context);
  mach_thread_exit();
}

/* On another processor if there is one, so that it comes when the schedule says. */
void queue_finish(Kept* one) {
  init_dpc(&one->dpc, finish_in_dpc, one, nullptr);
  one->dpc.DpcData = one;
  mach_dpc_queue((mach_cpu() + 1) % mach_cpu_count(), &one->dpc, 0);
}

NTSTATUS later(PIRP irp, NTSTATUS status, ULONG_PTR information, bool from_thread) {
  mark_irp_pending(irp, nullptr);
  Kept* one = keep(irp, status, information);
  take(irp);
  if (from_thread)
    mach_thread_create(finish_in_thread, one, MACH_THREAD_WORKER, nullptr, nullptr);
  else
    queue_finish(one);
  return STATUS_PENDING;
}

void NTAPI cancel_kept(PDEVICE_OBJECT, PIRP irp) {
  release_cancel_lock(irp->CancelIrql, nullptr);
  if (Kept* one = take(irp)) {
    mach_timer_cancel(&one->timer);
    finish_irp(irp, STATUS_CANCELLED, 0);
  }
}

/* Did a driver send it or pass it down? Then the call of that driver is where the choice is recorded. */
bool from_driver(PIRP irp) {
  const IrpRecord* record = irp_find(irp);
  return !record || record->origin != IrpOrigin::request || irp->CurrentLocation < irp->StackCount;
}

/* Where the answer of a read or a control goes, and how much of it there is; null: nowhere that is known. */
void* answer_buffer(PIRP irp, ULONG* size) {
  PIO_STACK_LOCATION location = current_location(irp);
  ULONG method = METHOD_BUFFERED;
  switch (location->MajorFunction) {
    case IRP_MJ_READ:
      *size = location->Parameters.Read.Length;
      break;
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
      *size = location->Parameters.DeviceIoControl.OutputBufferLength;
      method = METHOD_FROM_CTL_CODE(location->Parameters.DeviceIoControl.IoControlCode);
      break;
    default:
      *size = 0;
      return nullptr;
  }
  if (method == METHOD_NEITHER) return nullptr;
  if (irp->MdlAddress) return kernel_alias(MmGetMdlVirtualAddress(irp->MdlAddress));
  return irp->AssociatedIrp.SystemBuffer;
}

/* A device that answers says nothing but zeros. */
ULONG_PTR fill_answer(PIRP irp) {
  if (current_location(irp)->MajorFunction == IRP_MJ_WRITE) return current_location(irp)->Parameters.Write.Length;
  ULONG size = 0;
  void* buffer = answer_buffer(irp, &size);
  if (!buffer) return 0;
  __builtin_memset(buffer, 0, size);
  return size;
}

enum Reply : m_u32 {
  ordinary,       /* at once, as expected */
  other,          /* at once, but a failure instead of a success or the other way round */
  from_dpc,       /* pending, success from a DPC */
  from_thread,    /* pending, success from a thread */
  failure_later,  /* pending, a failure from a DPC */
  when_cancelled, /* pending until it is cancelled, or for very long */
  kReplies
};

NTSTATUS reply(PIRP irp, Reply how, bool succeeds) {
  switch (how) {
    case from_dpc:
    case from_thread:
      return later(irp, STATUS_SUCCESS, fill_answer(irp), how == from_thread);
    case failure_later:
      return later(irp, STATUS_IO_DEVICE_ERROR, 0, false);
    case when_cancelled:
      return bus_keep_until_cancelled(irp, false, STATUS_IO_TIMEOUT, 0);
    case other:
      succeeds = !succeeds;
      break;
    default:
      break;
  }
  if (succeeds) return finish_irp(irp, STATUS_SUCCESS, fill_answer(irp));
  return finish_irp(irp, how == other ? STATUS_IO_DEVICE_ERROR : STATUS_INVALID_DEVICE_REQUEST, 0);
}

}  // namespace

void reset_bus_reply() {
  kept = nullptr;
  knows_controls = false;
}

NTSTATUS bus_keep_until_cancelled(PIRP irp, bool for_ever, NTSTATUS status, ULONG_PTR information) {
  mark_irp_pending(irp, nullptr);
  Kept* one = keep(irp, status, information);
  const KIRQL old = acquire_cancel_lock(nullptr);
  const bool cancelled = irp->Cancel;
  if (!cancelled) set_cancel_routine(irp, cancel_kept, nullptr);
  if (!cancelled && !for_ever) mach_timer_set(&one->timer, mach_time() + kPatience_100ns, mach_cpu());
  release_cancel_lock(old, nullptr);
  if (cancelled && take(irp)) finish_irp(irp, STATUS_CANCELLED, 0);
  return STATUS_PENDING;
}

bool bus_timer_expired(void* timer) {
  for (Kept* one = kept; one; one = one->next) {
    if (&one->timer != timer) continue;
    if (set_cancel_routine(one->irp, nullptr, nullptr)) queue_finish(take(one->irp));
    return true;
  }
  return false;
}

NTSTATUS bus_reply(PDEVICE_OBJECT, PIRP irp, NTSTATUS status, ULONG_PTR information) {
  switch (from_driver(irp) ? mach_choose(CHOICE_LowerReplies, 3) : 0) {
    case 1:
      return later(irp, status, information, true);
    case 2:
      return later(irp, status, information, false);
    default:
      return finish_irp(irp, status, information);
  }
}

NTSTATUS bus_transfer(PDEVICE_OBJECT, PIRP irp) {
  const UCHAR major = current_location(irp)->MajorFunction;
  const bool control = major == IRP_MJ_DEVICE_CONTROL || major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
  const bool succeeds = !control || knows_controls;
  const auto how = from_driver(irp) ? (Reply)mach_choose(CHOICE_LowerReplies, kReplies) : ordinary;
  if (control && how == other) knows_controls = !knows_controls;
  return reply(irp, how, succeeds);
}

}  // namespace nt
