/* Pageable sections of a driver's image. Its code and data are always resident here, so there is nothing to do. */
#include "emu/nt/nt.h"

extern "C" {

NTKERNELAPI PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection) {
  DDI_ENTER(MmPageEntireDriver, nullptr);
  return AddressWithinSection;
}

NTKERNELAPI VOID NTAPI MmResetDriverPaging(PVOID) {
  DDI_ENTER(MmResetDriverPaging, nullptr);
}

NTKERNELAPI PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection) {
  DDI_ENTER(MmLockPagableDataSection, nullptr);
  return AddressWithinSection;
}

NTKERNELAPI VOID NTAPI MmUnlockPagableImageSection(PVOID) {
  DDI_ENTER(MmUnlockPagableImageSection, nullptr);
}

}  // extern "C"
