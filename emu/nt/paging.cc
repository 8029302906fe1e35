/* Pageable sections of a driver's image. Code and data are always resident here; that pageable code runs only where a page
 * fault could be served is checked at the entry of its functions, where the driver compiler has put a call. */
#include "emu/nt/nt.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

/* Sections locked at the moment. Which one an address lies in is not known here, so one locked section is as good as all. */
ULONG locked_sections;

}  // namespace

void reset_paging() {
  locked_sections = 0;
}

}  // namespace nt

extern "C" {

/* Of functions in sections named PAGE...: #pragma alloc_text, code_seg. */
void wdm_pageable_code(void) {
  if (mach_irql() <= APC_LEVEL || nt::locked_sections) return;
  mach_violation("PagedCode", "a function in a pageable section runs at DISPATCH_LEVEL or above", 0,
                 __builtin_return_address(0));
}

NTKERNELAPI PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection) {
  DDI_ENTER(MmPageEntireDriver, nullptr);
  return AddressWithinSection;
}

NTKERNELAPI VOID NTAPI MmResetDriverPaging(PVOID) {
  DDI_ENTER(MmResetDriverPaging, nullptr);
}

NTKERNELAPI PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection) {
  DDI_ENTER(MmLockPagableDataSection, nullptr);
  ++nt::locked_sections;
  return AddressWithinSection;
}

NTKERNELAPI VOID NTAPI MmUnlockPagableImageSection(PVOID) {
  DDI_ENTER(MmUnlockPagableImageSection, nullptr);
  if (nt::locked_sections) --nt::locked_sections;
}

}  // extern "C"
