/* Exceptions raised by name. The kernel itself raises with RtlRaiseStatus, which is no call of the driver's. */
#include "emu/nt/nt.h"

extern "C" {

NTKERNELAPI VOID NTAPI ExRaiseStatus(NTSTATUS Status) {
  DDI_ENTER(ExRaiseStatus, nullptr);
  wdm_seh_raise(Status, (m_u64)(ULONG_PTR)ddi.pc(), 0, nullptr);
}

NTKERNELAPI VOID NTAPI ExRaiseAccessViolation(VOID) {
  DDI_ENTER(ExRaiseAccessViolation, nullptr);
  wdm_seh_raise(STATUS_ACCESS_VIOLATION, (m_u64)(ULONG_PTR)ddi.pc(), 0, nullptr);
}

NTKERNELAPI VOID NTAPI ExRaiseDatatypeMisalignment(VOID) {
  DDI_ENTER(ExRaiseDatatypeMisalignment, nullptr);
  wdm_seh_raise(STATUS_DATATYPE_MISALIGNMENT, (m_u64)(ULONG_PTR)ddi.pc(), 0, nullptr);
}

}  // extern "C"
