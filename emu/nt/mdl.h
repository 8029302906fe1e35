/* Memory descriptor lists. Physical pages do not exist here: an MDL describes native memory, and its system mapping is
 * the same memory, for user memory under another address. */
#ifndef WDMFUZZ_EMU_NT_MDL_H
#define WDMFUZZ_EMU_NT_MDL_H

#include "emu/nt/nt.h"

namespace nt {

/* An MDL for [address, address + length). `by_kernel`: of the I/O manager's own; else the schedule may let the
 * allocation fail (null) and it counts as the driver's until mdl_free. */
PMDL mdl_allocate(PVOID address, ULONG length, const void* pc, bool by_kernel);
/* The driver's, but the schedule is not asked. */
PMDL mdl_allocate_sure(PVOID address, ULONG length, const void* pc);
void mdl_free(PMDL mdl, const void* pc);
/* Raises STATUS_ACCESS_VIOLATION when the memory cannot be accessed by that mode. */
void mdl_probe_and_lock(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation);
void mdl_unlock(PMDL mdl);

/* Below the border between user and kernel addresses? Says nothing about what is mapped there. */
bool is_user_range(const void* address, SIZE_T length);
/* An address of the same memory that may be touched in any context and at any IRQL. */
void* kernel_alias(const void* address);

}  // namespace nt

#endif
