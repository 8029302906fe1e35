/* Cancel-safe queues. The library is kernel code here; the queue's callbacks are the driver's. */
#include "emu/nt/irp.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/object_life.h"

namespace nt {
namespace {

/* IRPs that are in a queue. In the kernel's memory, since the driver may free its own. */
struct Tied {
  Tied* next;
  PIRP irp;
  PIO_CSQ csq;
  PIO_CSQ_IRP_CONTEXT context; /* or null */
  bool cancelling;             /* the queue's cancel routine is under way */
};
Tied* all_tied;

Tied** find_tied(PIRP irp) {
  Tied** at = &all_tied;
  while (*at && (*at)->irp != irp) at = &(*at)->next;
  return at;
}

void forget(PIRP irp) {
  Tied** at = find_tied(irp);
  if (*at) *at = (*at)->next;
}

void remember(PIRP irp, PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context) {
  forget(irp);
  auto* tied = (Tied*)mach_pool_alloc(sizeof(Tied), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  *tied = {all_tied, irp, csq, context, false};
  all_tied = tied;
}

/* Will the queue's cancel routine look at the queue for this IRP? No more when the driver took it off by itself. */
bool needs_queue(const Tied* tied) {
  const IrpRecord* record = irp_find(tied->irp);
  if (!record || record->gone) return false;
  return tied->cancelling || tied->irp->CancelRoutine == csq_cancel_routine;
}

/* Brackets one callback of the queue. */
class Callback {
 public:
  Callback(PIO_CSQ csq, const void* code) : object_(mach_object(OBJECT_Csq, csq)) {
    mach_enter(CALLBACK_Csq, code, object_, 0);
  }
  ~Callback() { mach_leave(CALLBACK_Csq, object_, 0); }
  Callback(const Callback&) = delete;

 private:
  m_u32 object_;
};

KIRQL lock(PIO_CSQ csq) {
  KIRQL irql = 0;
  Callback bracket(csq, (const void*)csq->CsqAcquireLock);
  csq->CsqAcquireLock(csq, &irql);
  return irql;
}

void unlock(PIO_CSQ csq, KIRQL irql) {
  Callback bracket(csq, (const void*)csq->CsqReleaseLock);
  csq->CsqReleaseLock(csq, irql);
}

NTSTATUS insert(PIO_CSQ csq, PIRP irp, PVOID context) {
  Callback bracket(csq, (const void*)csq->CsqInsertIrp);
  if (csq->Type == IO_TYPE_CSQ_EX) return ((PIO_CSQ_INSERT_IRP_EX)csq->CsqInsertIrp)(csq, irp, context);
  csq->CsqInsertIrp(csq, irp);
  return STATUS_SUCCESS;
}

PIRP peek(PIO_CSQ csq, PIRP after, PVOID context) {
  Callback bracket(csq, (const void*)csq->CsqPeekNextIrp);
  return csq->CsqPeekNextIrp(csq, after, context);
}

/* Takes the IRP off the queue and forgets what ties it to the queue. */
void remove(PIO_CSQ csq, PIRP irp) {
  {
    Callback bracket(csq, (const void*)csq->CsqRemoveIrp);
    csq->CsqRemoveIrp(csq, irp);
  }
  auto* context = (PIO_CSQ_IRP_CONTEXT)irp->Tail.Overlay.DriverContext[3];
  if (context && context->Type == IO_TYPE_CSQ_IRP_CONTEXT) context->Irp = nullptr;
  irp->Tail.Overlay.DriverContext[3] = nullptr;
  if (const Tied* tied = *find_tied(irp); tied && !tied->cancelling) forget(irp);
}

void complete_canceled(PIO_CSQ csq, PIRP irp) {
  Callback bracket(csq, (const void*)csq->CsqCompleteCanceledIrp);
  csq->CsqCompleteCanceledIrp(csq, irp);
}

void tie(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context) {
  remember(irp, csq, context);
  irp->Tail.Overlay.DriverContext[3] = csq;
  if (!context) return;
  irp->Tail.Overlay.DriverContext[3] = context;
  context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
  context->Irp = irp;
  context->Csq = csq;
}

PIO_CSQ queue_of(PIRP irp) {
  void* tied = irp->Tail.Overlay.DriverContext[3];
  auto* context = (PIO_CSQ_IRP_CONTEXT)tied;
  return context->Type == IO_TYPE_CSQ_IRP_CONTEXT ? context->Csq : (PIO_CSQ)tied;
}

NTSTATUS insert_irp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context, const void* pc) {
  tie(csq, irp, context);
  csq->ReservePointer = nullptr;
  const KIRQL irql = lock(csq);
  const NTSTATUS status = insert(csq, irp, insert_context);
  if (!NT_SUCCESS(status)) {
    forget(irp);
    unlock(csq, irql);
    return status;
  }
  mark_irp_pending(irp, pc);
  mach_event(EVENT_IrpQueue, irp_object(irp), 0, 0, pc);
  set_cancel_routine(irp, csq_cancel_routine, pc);
  mach_point(DDI_IoCsqInsertIrpEx, MACH_AFTER, irp, pc);
  /* Cancelled before the routine was set: nobody else will finish it. Otherwise the routine waits for the lock. */
  if (irp->Cancel && set_cancel_routine(irp, nullptr, pc)) {
    remove(csq, irp);
    unlock(csq, irql);
    complete_canceled(csq, irp);
    return status;
  }
  unlock(csq, irql);
  return status;
}

void initialize(PIO_CSQ csq, ULONG type, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                PIO_CSQ_COMPLETE_CANCELED_IRP complete) {
  csq->Type = type;
  csq->CsqInsertIrp = insert;
  csq->CsqRemoveIrp = remove;
  csq->CsqPeekNextIrp = peek;
  csq->CsqAcquireLock = acquire;
  csq->CsqReleaseLock = release;
  csq->CsqCompleteCanceledIrp = complete;
  csq->ReservePointer = nullptr;
}

}  // namespace

void note_queues_in(const void* memory, m_u64 size, const void* pc) {
  for (const Tied* tied = all_tied; tied; tied = tied->next) {
    const bool inside = is_inside(tied->csq, memory, size) || (tied->context && is_inside(tied->context, memory, size));
    if (inside && needs_queue(tied))
      mach_event(EVENT_ObjectFreed, mach_object(OBJECT_Csq, tied->csq), FREED_Memory, FREED_Holding, pc);
  }
}

void reset_csq() {
  all_tied = nullptr;
}

void NTAPI csq_cancel_routine(PDEVICE_OBJECT, PIRP irp) {
  Tied* tied = *find_tied(irp);
  if (tied) tied->cancelling = true;
  release_cancel_lock(irp->CancelIrql, nullptr);
  PIO_CSQ csq = queue_of(irp);
  const KIRQL irql = lock(csq);
  remove(csq, irp);
  unlock(csq, irql);
  forget(irp);
  complete_canceled(csq, irp);
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                                           PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                           PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                           PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp) {
  DDI_ENTER(IoCsqInitialize, Csq);
  nt::initialize(Csq, IO_TYPE_CSQ, CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock,
                 CsqCompleteCanceledIrp);
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                                             PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                             PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                             PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp) {
  DDI_ENTER(IoCsqInitializeEx, Csq);
  nt::initialize(Csq, IO_TYPE_CSQ_EX, (PIO_CSQ_INSERT_IRP)(void*)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp,
                 CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
  return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context) {
  DDI_ENTER(IoCsqInsertIrp, Irp);
  nt::insert_irp(Csq, Irp, Context, nullptr, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext) {
  DDI_ENTER(IoCsqInsertIrpEx, Irp);
  return nt::insert_irp(Csq, Irp, Context, InsertContext, ddi.pc());
}

NTKERNELAPI PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context) {
  DDI_ENTER(IoCsqRemoveIrp, Csq);
  const KIRQL irql = nt::lock(Csq);
  PIRP irp = Context->Irp;
  if (irp && !nt::set_cancel_routine(irp, nullptr, ddi.pc())) irp = nullptr;
  if (irp) nt::remove(Csq, irp);
  nt::unlock(Csq, irql);
  return irp;
}

NTKERNELAPI PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext) {
  DDI_ENTER(IoCsqRemoveNextIrp, Csq);
  Csq->ReservePointer = nullptr;
  const KIRQL irql = nt::lock(Csq);
  PIRP irp = nt::peek(Csq, nullptr, PeekContext);
  /* One whose cancel routine is under way belongs to that routine, which waits for the lock. */
  while (irp && !nt::set_cancel_routine(irp, nullptr, ddi.pc())) irp = nt::peek(Csq, irp, PeekContext);
  if (irp) nt::remove(Csq, irp);
  nt::unlock(Csq, irql);
  return irp;
}

}  // extern "C"
