/* What fits nowhere else. */
#include "emu/nt/nt.h"

extern "C" {

/* PAGED_CODE() */
VOID NTAPI wdm_paged_code(VOID) {
  DDI_ENTER(wdm_paged_code, nullptr);
  if (mach_irql() > APC_LEVEL) mach_violation("IrqlContract", "pageable code runs above APC_LEVEL", 0, ddi.pc());
}

/* Virtual time stands still meanwhile: only others may run. */
NTKERNELAPI VOID NTAPI KeStallExecutionProcessor(ULONG) {
  DDI_ENTER(KeStallExecutionProcessor, nullptr);
}

void YieldProcessor(void) {
  DDI_ENTER(YieldProcessor, nullptr);
}

/* One processor at a time runs, each sees what the others did. */
void KeMemoryBarrier(void) {
  DDI_ENTER(KeMemoryBarrier, nullptr);
}

NTKERNELAPI BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                                       PUNICODE_STRING CSDVersion) {
  DDI_ENTER(PsGetVersion, nullptr);
  if (MajorVersion) *MajorVersion = 10;
  if (MinorVersion) *MinorVersion = 0;
  if (BuildNumber) *BuildNumber = 19041;
  if (CSDVersion) CSDVersion->Length = 0;
  return FALSE;
}

}  // extern "C"
