/* IRQL, processors, regions in which APCs are off. */
#include "emu/nt/nt_families.h"
#include "emu/nt/thread.h"

namespace nt {
namespace {

constexpr KIRQL kSynchLevel = 12;

KIRQL raise(KIRQL to, const void* pc) {
  if (to < mach_irql()) mach_irql_violation("KeRaiseIrql to an IRQL below the current one", 0, pc);
  return mach_raise_irql(to, pc);
}

void lower(KIRQL to, const void* pc) {
  if (to > mach_irql()) mach_irql_violation("KeLowerIrql to an IRQL above the current one", 0, pc);
  mach_lower_irql(to, pc);
}

/* More leaves than enters. `rule` is the code of the CriticalRegions or GuardedRegions rule. */
void leave(LONG* count, m_u32 rule, const void* pc) {
  if (*count <= 0) mach_bug_check(0xC4, rule, (m_u64)current_thread(), 0, 0, pc);
  --*count;
}

KAFFINITY all_processors() {
  return ((KAFFINITY)1 << mach_cpu_count()) - 1;
}

bool is_our_group(USHORT group) {
  return group == 0 || group == ALL_PROCESSOR_GROUPS;
}

}  // namespace

void leave_critical_region(const void* pc) {
  leave(&current_thread()->critical_regions, 0x00040003, pc);
}

void require_regions_left(const void* pc) {
  const Thread* thread = current_thread();
  if (thread->critical_regions == 0 && thread->guarded_regions == 0) return;
  const auto combined = (m_u64)(ULONG)((thread->guarded_regions & 0xffff) << 16 | (thread->critical_regions & 0xffff));
  mach_bug_check(0x1, 0, 0, combined, 0, pc); /* APC_INDEX_MISMATCH */
}

void reset_irql() {
  KeNumberProcessors = (CCHAR)mach_cpu_count();
}

}  // namespace nt

extern "C" {

volatile CCHAR KeNumberProcessors;

NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(VOID) {
  DDI_ENTER(KeGetCurrentIrql, nullptr);
  return mach_irql();
}

NTKERNELAPI KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql) {
  DDI_ENTER(KfRaiseIrql, nullptr);
  return nt::raise(NewIrql, ddi.pc());
}

NTKERNELAPI VOID NTAPI KeLowerIrql(KIRQL NewIrql) {
  DDI_ENTER(KeLowerIrql, nullptr);
  nt::lower(NewIrql, ddi.pc());
}

VOID NTAPI KfLowerIrql(KIRQL NewIrql) {
  DDI_ENTER(KfLowerIrql, nullptr);
  nt::lower(NewIrql, ddi.pc());
}

NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID) {
  DDI_ENTER(KeRaiseIrqlToDpcLevel, nullptr);
  return mach_raise_irql(DISPATCH_LEVEL, ddi.pc());
}

NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID) {
  DDI_ENTER(KeRaiseIrqlToSynchLevel, nullptr);
  return mach_raise_irql(nt::kSynchLevel, ddi.pc());
}

NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumber(VOID) {
  DDI_ENTER(KeGetCurrentProcessorNumber, nullptr);
  return mach_cpu();
}

NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber) {
  DDI_ENTER(KeGetCurrentProcessorNumberEx, nullptr);
  const m_u32 cpu = mach_cpu();
  if (ProcNumber) *ProcNumber = {0, (UCHAR)cpu, 0};
  return cpu;
}

NTKERNELAPI ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors) {
  DDI_ENTER(KeQueryActiveProcessorCount, nullptr);
  if (ActiveProcessors) *ActiveProcessors = nt::all_processors();
  return mach_cpu_count();
}

NTKERNELAPI ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber) {
  DDI_ENTER(KeQueryActiveProcessorCountEx, nullptr);
  return nt::is_our_group(GroupNumber) ? mach_cpu_count() : 0;
}

NTKERNELAPI KAFFINITY NTAPI KeQueryActiveProcessors(VOID) {
  DDI_ENTER(KeQueryActiveProcessors, nullptr);
  return nt::all_processors();
}

NTKERNELAPI ULONG NTAPI KeQueryMaximumProcessorCount(VOID) {
  DDI_ENTER(KeQueryMaximumProcessorCount, nullptr);
  return mach_cpu_count();
}

NTKERNELAPI ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber) {
  DDI_ENTER(KeQueryMaximumProcessorCountEx, nullptr);
  return nt::is_our_group(GroupNumber) ? mach_cpu_count() : 0;
}

NTKERNELAPI USHORT NTAPI KeQueryActiveGroupCount(VOID) {
  DDI_ENTER(KeQueryActiveGroupCount, nullptr);
  return 1;
}

NTKERNELAPI USHORT NTAPI KeQueryMaximumGroupCount(VOID) {
  DDI_ENTER(KeQueryMaximumGroupCount, nullptr);
  return 1;
}

NTKERNELAPI KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber) {
  DDI_ENTER(KeQueryGroupAffinity, nullptr);
  return GroupNumber == 0 ? nt::all_processors() : 0;
}

NTKERNELAPI NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber) {
  DDI_ENTER(KeGetProcessorNumberFromIndex, nullptr);
  if (ProcIndex >= mach_cpu_count()) return STATUS_INVALID_PARAMETER;
  *ProcNumber = {0, (UCHAR)ProcIndex, 0};
  return STATUS_SUCCESS;
}

NTKERNELAPI ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber) {
  DDI_ENTER(KeGetProcessorIndexFromNumber, nullptr);
  return ProcNumber->Group == 0 && ProcNumber->Number < mach_cpu_count() ? ProcNumber->Number : MAXULONG;
}

NTKERNELAPI VOID NTAPI KeEnterCriticalRegion(VOID) {
  DDI_ENTER(KeEnterCriticalRegion, nullptr);
  ++nt::current_thread()->critical_regions;
}

NTKERNELAPI VOID NTAPI KeLeaveCriticalRegion(VOID) {
  DDI_ENTER(KeLeaveCriticalRegion, nullptr);
  nt::leave_critical_region(ddi.pc());
}

NTKERNELAPI VOID NTAPI KeEnterGuardedRegion(VOID) {
  DDI_ENTER(KeEnterGuardedRegion, nullptr);
  ++nt::current_thread()->guarded_regions;
}

NTKERNELAPI VOID NTAPI KeLeaveGuardedRegion(VOID) {
  DDI_ENTER(KeLeaveGuardedRegion, nullptr);
  nt::leave(&nt::current_thread()->guarded_regions, 0x0004000E, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeAreApcsDisabled(VOID) {
  DDI_ENTER(KeAreApcsDisabled, nullptr);
  const nt::Thread* thread = nt::current_thread();
  return thread->critical_regions > 0 || thread->guarded_regions > 0;
}

NTKERNELAPI BOOLEAN NTAPI KeAreAllApcsDisabled(VOID) {
  DDI_ENTER(KeAreAllApcsDisabled, nullptr);
  return mach_irql() >= APC_LEVEL || nt::current_thread()->guarded_regions > 0;
}

}  // extern "C"
