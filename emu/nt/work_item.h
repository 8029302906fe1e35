/* Work items, for families that need a thread at PASSIVE_LEVEL. */
#ifndef WDMFUZZ_EMU_NT_WORK_ITEM_H
#define WDMFUZZ_EMU_NT_WORK_ITEM_H

#include "emu/nt/nt.h"

namespace nt {

/* Has a system worker thread call routine(argument) at PASSIVE_LEVEL; kernel code, not bracketed as the driver's.
 * Any IRQL up to DISPATCH_LEVEL. */
void queue_kernel_work(void (*routine)(void*), void* argument);

}  // namespace nt

#endif
