/* Pool for the families that allocate in the driver's name. */
#ifndef WDMFUZZ_EMU_NT_POOL_H
#define WDMFUZZ_EMU_NT_POOL_H

#include "emu/nt/nt.h"

namespace nt {

/* ExAllocatePoolWithTag without its scheduling points; `type` is a POOL_TYPE with its modifiers. Null or a raised
 * exception when it fails, as the modifiers say. Emits PoolAlloc. */
void* pool_allocate(ULONG type, SIZE_T size, ULONG tag, const void* pc);
/* ExFreePoolWithTag likewise; tag 0 fits any. A null block stops the machine (0xC2, 0x46). Emits PoolFree. */
void pool_free(void* block, ULONG tag, const void* pc);

}  // namespace nt

#endif
