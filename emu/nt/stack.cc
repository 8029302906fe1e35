/* The kernel stack of the running thread. */
#include "emu/nt/nt.h"

extern "C" {

NTKERNELAPI PVOID NTAPI IoGetInitialStack(VOID) {
  DDI_ENTER(IoGetInitialStack, nullptr);
  m_u64 low, high;
  mach_stack_limits(&low, &high);
  return (PVOID)high;
}

NTKERNELAPI VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit) {
  DDI_ENTER(IoGetStackLimits, nullptr);
  m_u64 low, high;
  mach_stack_limits(&low, &high);
  *LowLimit = low;
  *HighLimit = high;
}

LOGICAL NTAPI IoWithinStackLimits(ULONG_PTR RegionStart, SIZE_T RegionSize) {
  DDI_ENTER(IoWithinStackLimits, nullptr);
  m_u64 low, high;
  mach_stack_limits(&low, &high);
  return RegionStart >= low && RegionStart + RegionSize >= RegionStart && RegionStart + RegionSize <= high;
}

}  // extern "C"
