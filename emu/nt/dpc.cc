/* Deferred procedure calls. KDPC.DpcData is not null while the DPC is in a queue, as on Windows. */
#include "emu/nt/dpc.h"

#include "emu/nt/nt_families.h"
#include "emu/nt/object_life.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

constexpr UCHAR kDpcObject = 19;
constexpr UCHAR kThreadedDpcObject = 24;
constexpr UCHAR kKernelDpcObject = 0x7F; /* the kernel's own, which no driver sees */
/* A target processor is kept in KDPC.Number, above what could be a processor's number. */
constexpr USHORT kTargeted = 0x800;

/* Routines under way, and who waits for one to end: on their stacks. */
struct Running {
  Running* next;
  PKDPC dpc;
};
struct EndWaiter {
  EndWaiter* next;
  PKDPC dpc;
  KEVENT ended;
};

Running* running;
EndWaiter* end_waiters;

void init(PKDPC dpc, UCHAR type, PKDEFERRED_ROUTINE routine, PVOID context) {
  dpc->Type = type;
  dpc->Importance = MediumImportance;
  dpc->Number = 0;
  dpc->DeferredRoutine = routine;
  dpc->DeferredContext = context;
  dpc->DpcData = nullptr;
}

void require_not_queued(PKDPC dpc, const void* pc) {
  if (mach_dpc_remove(dpc) || remove_threaded_dpc(dpc))
    mach_bug_check(0xC7, 1, (m_u64)dpc, 0, 0, pc); /* TIMER_OR_DPC_INVALID */
}

bool is_running(const KDPC* dpc) {
  for (const Running* entry = running; entry; entry = entry->next)
    if (entry->dpc == dpc) return true;
  return false;
}

void begin(Running* entry) {
  entry->next = running;
  running = entry;
}

/* The DPC itself may be gone. */
void end(Running* entry) {
  Running** at = &running;
  while (*at != entry) at = &(*at)->next;
  *at = entry->next;
  if (is_running(entry->dpc)) return;
  for (EndWaiter** waiter = &end_waiters; *waiter;) {
    EndWaiter* found = *waiter;
    if (found->dpc != entry->dpc) {
      waiter = &found->next;
      continue;
    }
    *waiter = found->next;
    set_event(&found->ended);
  }
}

void wait_until_ended(PKDPC dpc, const void* pc) {
  if (!is_running(dpc)) return;
  EndWaiter waiter = {end_waiters, dpc, {}};
  init_event(&waiter.ended, NotificationEvent, false);
  end_waiters = &waiter;
  wait_one(&waiter.ended.Header, 0, mach_object(OBJECT_Dpc, dpc), dpc, pc);
}

}  // namespace

void reset_dpc() {
  running = nullptr;
  end_waiters = nullptr;
}

void init_dpc(PKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context, const void* pc) {
  require_not_queued(dpc, pc);
  init(dpc, kDpcObject, routine, context);
}

void init_kernel_dpc(PKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context) {
  init(dpc, kKernelDpcObject, routine, context);
}

bool queue_dpc(PKDPC dpc, m_u32 cpu, PVOID argument1, PVOID argument2, const void* pc) {
  const bool queued = dpc->DpcData != nullptr;
  mach_event(EVENT_DpcQueue, mach_object(OBJECT_Dpc, dpc), !queued, cpu, pc);
  if (queued) return false;
  dpc->SystemArgument1 = argument1;
  dpc->SystemArgument2 = argument2;
  dpc->DpcData = dpc;
  if (dpc->Type == kThreadedDpcObject && threaded_dpcs_are_on())
    queue_threaded_dpc(dpc, cpu, pc);
  else
    mach_dpc_queue(cpu, dpc, dpc->Importance == HighImportance);
  return true;
}

bool remove_dpc(PKDPC dpc) {
  if (!mach_dpc_remove(dpc) && !remove_threaded_dpc(dpc)) return false;
  dpc->DpcData = nullptr;
  return true;
}

m_u32 dpc_target(PKDPC dpc, m_u32 otherwise) {
  return dpc->Number >= kTargeted ? dpc->Number - kTargeted : otherwise;
}

/* Its routine may free it or queue it again: everything is read first, nothing is touched afterwards. */
void run_dpc(PKDPC dpc) {
  require_live_frame(dpc, OBJECT_Dpc, FREED_Queued, nullptr);
  const PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
  const PVOID context = dpc->DeferredContext;
  const PVOID argument1 = dpc->SystemArgument1;
  const PVOID argument2 = dpc->SystemArgument2;
  dpc->DpcData = nullptr;
  if (dpc->Type == kKernelDpcObject) return routine(dpc, context, argument1, argument2);
  Running entry = {nullptr, dpc};
  begin(&entry);
  const m_u32 object = mach_object(OBJECT_Dpc, dpc);
  mach_enter(CALLBACK_Dpc, (const void*)routine, object, 0);
  routine(dpc, context, argument1, argument2);
  mach_leave(CALLBACK_Dpc, object, 0);
  end(&entry);
}

}  // namespace nt

extern "C" {

void nt_run_dpc(void* dpc) {
  nt::run_dpc((PKDPC)dpc);
}

NTKERNELAPI VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
  DDI_ENTER(KeInitializeDpc, Dpc);
  nt::init_dpc(Dpc, DeferredRoutine, DeferredContext, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
  DDI_ENTER(KeInitializeThreadedDpc, Dpc);
  nt::require_not_queued(Dpc, ddi.pc());
  nt::init(Dpc, nt::kThreadedDpcObject, DeferredRoutine, DeferredContext);
  nt::threaded_dpcs_are_on(); /* asked here: a timer that queues one later is no call that could ask */
}

NTKERNELAPI BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
  DDI_ENTER(KeInsertQueueDpc, Dpc);
  return nt::queue_dpc(Dpc, nt::dpc_target(Dpc, mach_cpu()), SystemArgument1, SystemArgument2, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc) {
  DDI_ENTER(KeRemoveQueueDpc, Dpc);
  return nt::remove_dpc(Dpc);
}

/* `WaitIfActive`: also until its routine has returned where it runs. */
BOOLEAN NTAPI KeRemoveQueueDpcEx(PRKDPC Dpc, BOOLEAN WaitIfActive) {
  DDI_ENTER(KeRemoveQueueDpcEx, Dpc);
  const bool removed = nt::remove_dpc(Dpc);
  if (WaitIfActive && mach_irql() >= DISPATCH_LEVEL)
    mach_irql_violation("KeRemoveQueueDpcEx waits at DISPATCH_LEVEL or above", mach_object(OBJECT_Dpc, Dpc), ddi.pc());
  if (WaitIfActive) nt::wait_until_ended(Dpc, ddi.pc());
  return removed;
}

NTKERNELAPI VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number) {
  DDI_ENTER(KeSetTargetProcessorDpc, Dpc);
  if (Number < 0 || (m_u32)Number >= mach_cpu_count()) return;
  Dpc->Number = (USHORT)(nt::kTargeted + Number);
}

NTKERNELAPI NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber) {
  DDI_ENTER(KeSetTargetProcessorDpcEx, Dpc);
  if (ProcNumber->Group != 0 || ProcNumber->Number >= mach_cpu_count()) return STATUS_INVALID_PARAMETER;
  Dpc->Number = (USHORT)(nt::kTargeted + ProcNumber->Number);
  return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance) {
  DDI_ENTER(KeSetImportanceDpc, Dpc);
  Dpc->Importance = (UCHAR)Importance;
}

NTKERNELAPI VOID NTAPI KeFlushQueuedDpcs(VOID) {
  DDI_ENTER(KeFlushQueuedDpcs, nullptr);
  mach_dpc_flush(ddi.pc());
  nt::flush_threaded_dpcs(ddi.pc());
}

}  // extern "C"
