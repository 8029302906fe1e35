/* IoCompleteRequest: the walk up the stack locations and what the I/O manager does at the end of it. */
#include "emu/nt/file.h"
#include "emu/nt/irp.h"
#include "emu/nt/mdl.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

constexpr m_u32 kMultipleIrpCompleteRequests = 0x44;
constexpr m_u32 kIrqlNotLessOrEqual = 0xa;
constexpr m_u32 kDriverVerifierIoManagerViolation = 0xc9, kStatusIsPending = 6;

void emit_complete(PIRP irp, const IrpRecord* record, const void* pc) {
  const bool readable = !record || !record->gone || record->guards;
  const m_u32 status = readable ? (m_u32)irp->IoStatus.Status : 0;
  mach_event(EVENT_IrpComplete, irp_object(irp), status, readable && irp->CancelRoutine != nullptr, pc);
}

bool wants(PIRP irp, UCHAR control) {
  const bool success = NT_SUCCESS(irp->IoStatus.Status);
  return (success && (control & SL_INVOKE_ON_SUCCESS)) || (!success && (control & SL_INVOKE_ON_ERROR)) ||
         (irp->Cancel && (control & SL_INVOKE_ON_CANCEL));
}

NTSTATUS call_completion_routine(PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context) {
  PDEVICE_OBJECT device = irp->CurrentLocation > irp->StackCount ? nullptr : current_location(irp)->DeviceObject;
  const m_u32 object = irp_object(irp);
  mach_enter(CALLBACK_Completion, (const void*)routine, object, irp->PendingReturned);
  const NTSTATUS status = routine(device, irp, context);
  mach_leave(CALLBACK_Completion, object, (m_u32)status);
  return status;
}

bool loses_pending(PIRP irp) {
  return irp->PendingReturned && irp->CurrentLocation <= irp->StackCount &&
         !(current_location(irp)->Control & SL_PENDING_RETURNED);
}

/* The I/O manager wipes a location it is done with, so that nobody relies on it. */
void wipe(PIO_STACK_LOCATION location) {
  location->MinorFunction = 0;
  location->Flags = 0;
  location->Control &= SL_ERROR_RETURNED;
  location->Parameters.Others.Argument1 = nullptr;
  location->Parameters.Others.Argument2 = nullptr;
  location->Parameters.Others.Argument3 = nullptr;
  location->FileObject = nullptr;
}

/* False when a completion routine kept the IRP. */
bool walk_up(PIRP irp) {
  while (irp->CurrentLocation <= irp->StackCount) {
    PIO_STACK_LOCATION done = irp->Tail.Overlay.CurrentStackLocation++;
    ++irp->CurrentLocation;
    const UCHAR control = done->Control;
    irp->PendingReturned = (control & SL_PENDING_RETURNED) != 0;
    const PIO_COMPLETION_ROUTINE routine = done->CompletionRoutine;
    const PVOID context = done->Context;
    wipe(done);
    if (routine && wants(irp, control)) {
      if (call_completion_routine(irp, routine, context) == STATUS_MORE_PROCESSING_REQUIRED) return false;
      if (loses_pending(irp)) mach_event(EVENT_IrpPendingLost, irp_object(irp), 0, 0, nullptr);
    } else if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount) {
      current_location(irp)->Control |= SL_PENDING_RETURNED;
    }
  }
  return true;
}

/* User mode may have unmapped it in the meantime. */
bool still_mapped(const void* address, m_u64 size) {
  return !mach_user_address(address) || mach_user_mapped(address, size, 1);
}

/* Buffered output reaches the caller only when the request did not fail. As many bytes as the driver says: too large a
 * number reads past the system buffer, on Windows and here. */
void copy_back(PIRP irp) {
  constexpr ULONG kCopies = IRP_BUFFERED_IO | IRP_INPUT_OPERATION;
  const NTSTATUS status = irp->IoStatus.Status;
  if ((irp->Flags & kCopies) != kCopies || status == STATUS_VERIFY_REQUIRED || NT_ERROR(status)) return;
  if (!irp->IoStatus.Information || !irp->UserBuffer) return;
  if (!still_mapped(irp->UserBuffer, irp->IoStatus.Information)) {
    irp->IoStatus.Status = STATUS_ACCESS_VIOLATION;
    return;
  }
  __builtin_memcpy(kernel_alias(irp->UserBuffer), irp->AssociatedIrp.SystemBuffer, irp->IoStatus.Information);
}

void free_buffers(PIRP irp) {
  if ((irp->Flags & IRP_DEALLOCATE_BUFFER) && irp->AssociatedIrp.SystemBuffer) {
    mach_pool_free(irp->AssociatedIrp.SystemBuffer, 0, nullptr);
    irp->AssociatedIrp.SystemBuffer = nullptr;
  }
  while (PMDL mdl = irp->MdlAddress) {
    irp->MdlAddress = mdl->Next;
    if (mdl->MdlFlags & MDL_PAGES_LOCKED) mdl_unlock(mdl);
    mdl_free(mdl, nullptr);
  }
}

/* An error that the dispatch routine returned at once is reported by its return value alone. */
void report_to_caller(PIRP irp) {
  if (NT_ERROR(irp->IoStatus.Status) && !irp->PendingReturned) return;
  if (irp->UserIosb && still_mapped(irp->UserIosb, sizeof(IO_STATUS_BLOCK))) *(PIO_STATUS_BLOCK)kernel_alias(irp->UserIosb) = irp->IoStatus;
  if (irp->UserEvent) set_event(irp->UserEvent);
}

void finish(PIRP irp, IrpRecord* record, const void* pc) {
  const NTSTATUS status = irp->IoStatus.Status;
  const ULONG_PTR information = irp->IoStatus.Information;
  PIRP master = irp->Flags & IRP_ASSOCIATED_IRP ? irp->AssociatedIrp.MasterIrp : nullptr;
  record->drop_file_later = record->sender == mach_thread() + 1 && !irp->PendingReturned;
  copy_back(irp);
  free_buffers(irp);
  report_to_caller(irp);
  mach_event(EVENT_IrpCompleted, record->object, (m_u32)status, 0, pc);
  irp_release(record, pc);
  if (record->done) record->done(record, status, information);
  if (record->file && !record->drop_file_later) file_drop_irp(record->file);
  if (master && --master->AssociatedIrp.IrpCount == 0) complete_irp(master, pc);
}

}  // namespace

void complete_irp(PIRP irp, const void* pc) {
  IrpRecord* record = irp_find(irp);
  emit_complete(irp, record, pc);
  if (irp->CurrentLocation > irp->StackCount + 1 || irp->Type != IO_TYPE_IRP || (record && record->gone))
    mach_bug_check(kMultipleIrpCompleteRequests, (ULONG_PTR)irp, 0, 0, 0, pc);
  if (irp->IoStatus.Status == STATUS_PENDING)
    mach_bug_check(kDriverVerifierIoManagerViolation, kStatusIsPending, (ULONG_PTR)irp, STATUS_PENDING, 0, pc);
  if (!walk_up(irp)) return;
  /* An IRP of IoAllocateIrp must be kept by its maker's completion routine: there is no thread to report to. */
  if (!record || record->origin == IrpOrigin::allocated)
    mach_bug_check(kIrqlNotLessOrEqual, 0, DISPATCH_LEVEL, 0, 0, pc);
  finish(irp, record, pc);
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID FASTCALL IofCompleteRequest(PIRP Irp, CCHAR) {
  DDI_ENTER(IofCompleteRequest, Irp);
  nt::complete_irp(Irp, ddi.pc());
}

}  // extern "C"
