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
/* A DPC of the kernel's own: `routine` is no driver code and calls that itself. */
void init_kernel_dpc(PKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context);
/* KeRemoveQueueDpc: takes it off its queue; false when it was in none. */
bool remove_dpc(PKDPC dpc);
/* What the queue does when the DPC's turn has come. */
void run_dpc(PKDPC dpc);

/* Threaded DPCs: queued for a thread of that processor. The queue has no place for one that is removed. */
void queue_threaded_dpc(PKDPC dpc, m_u32 cpu, const void* pc);
bool remove_threaded_dpc(PKDPC dpc);
/* Blocks until those that are queued or under way are done. Yields. */
void flush_threaded_dpcs(const void* pc);
/* False when this machine has them switched off; then they are as any other. */
bool threaded_dpcs_are_on();

/* The processor that KeSetTargetProcessorDpc chose, or `otherwise`. */
m_u32 dpc_target(PKDPC dpc, m_u32 otherwise);

}  // namespace nt

#endif
