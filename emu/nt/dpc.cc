/* Deferred procedure calls. KDPC.DpcData is not null while the DPC is in a queue, as on Windows. */
#include "emu/nt/dpc.h"

#include "emu/nt/nt_families.h"

namespace nt {
namespace {

constexpr UCHAR kDpcObject = 19;
/* A target processor is kept in KDPC.Number, above what could be a processor's number. */
constexpr USHORT kTargeted = 0x800;

}  // namespace

void init_dpc(PKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context, const void* pc) {
  if (mach_dpc_remove(dpc)) mach_bug_check(0xC7, 1, (m_u64)dpc, 0, 0, pc); /* TIMER_OR_DPC_INVALID */
  dpc->Type = kDpcObject;
  dpc->Importance = MediumImportance;
  dpc->Number = 0;
  dpc->DeferredRoutine = routine;
  dpc->DeferredContext = context;
  dpc->DpcData = nullptr;
}

bool queue_dpc(PKDPC dpc, m_u32 cpu, PVOID argument1, PVOID argument2, const void* pc) {
  const bool queued = dpc->DpcData != nullptr;
  mach_event(EVENT_DpcQueue, mach_object(OBJECT_Dpc, dpc), !queued, cpu, pc);
  if (queued) return false;
  dpc->SystemArgument1 = argument1;
  dpc->SystemArgument2 = argument2;
  dpc->DpcData = dpc;
  mach_dpc_queue(cpu, dpc, dpc->Importance == HighImportance);
  return true;
}

m_u32 dpc_target(PKDPC dpc, m_u32 otherwise) {
  return dpc->Number >= kTargeted ? dpc->Number - kTargeted : otherwise;
}

}  // namespace nt

extern "C" {

/* Its routine may free it or queue it again: everything is read first, nothing is touched afterwards. */
void nt_run_dpc(void* pointer) {
  auto* dpc = (PKDPC)pointer;
  const PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
  const PVOID context = dpc->DeferredContext;
  const PVOID argument1 = dpc->SystemArgument1;
  const PVOID argument2 = dpc->SystemArgument2;
  dpc->DpcData = nullptr;
  const m_u32 object = mach_object(OBJECT_Dpc, dpc);
  mach_enter(CALLBACK_Dpc, (const void*)routine, object, 0);
  routine(dpc, context, argument1, argument2);
  mach_leave(CALLBACK_Dpc, object, 0);
}

NTKERNELAPI VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
  DDI_ENTER(KeInitializeDpc, Dpc);
  nt::init_dpc(Dpc, DeferredRoutine, DeferredContext, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
  DDI_ENTER(KeInsertQueueDpc, Dpc);
  return nt::queue_dpc(Dpc, nt::dpc_target(Dpc, mach_cpu()), SystemArgument1, SystemArgument2, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc) {
  DDI_ENTER(KeRemoveQueueDpc, Dpc);
  if (!mach_dpc_remove(Dpc)) return FALSE;
  Dpc->DpcData = nullptr;
  return TRUE;
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
}

}  // extern "C"
