/* DPCs, for timers and interrupts. */
#ifndef WDMFUZZ_EMU_NT_DPC_H
#define WDMFUZZ_EMU_NT_DPC_H

#include "emu/nt/nt.h"

namespace nt {

/* Fills in a DPC object. Initialising one that is in a queue stops Windows, sooner or later; here at once. */
void init_dpc(PKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context, const void* pc);
/* Puts it on the queue of `cpu`; false when it is in a queue already, which keeps its arguments. Emits DpcQueue. Yields
 * when that is the current processor and it is below DISPATCH_LEVEL. */
bool queue_dpc(PKDPC dpc, m_u32 cpu, PVOID argument1, PVOID argument2, const void* pc);
/* The processor that KeSetTargetProcessorDpc chose, or `otherwise`. */
m_u32 dpc_target(PKDPC dpc, m_u32 otherwise);

}  // namespace nt

#endif
