/* What is still used in memory that goes: freed, the frame of a function that has returned, the driver's image. */
#ifndef WDMFUZZ_EMU_NT_OBJECT_LIFE_H
#define WDMFUZZ_EMU_NT_OBJECT_LIFE_H

#include "emu/nt/nt.h"

namespace nt {

/* Pool or a device object is about to be freed. Emits ObjectFreed for what is in use there; violations of LockFreedWhileHeld;
 * stops the machine (0xC4, 0xD2) when there is a resource that was not deleted. */
void memory_goes(const void* memory, m_u64 size, const void* pc);
/* The driver is unloaded. Emits ObjectFreed for the resources and lookaside lists that it has not deleted. */
void image_goes(const void* pc);

/* Emits ObjectFreed when `memory` lies in a frame that has returned. `how`: FREED_Used, FREED_Queued. */
inline void require_live_frame(const void* memory, m_u32 object_kind, m_u32 how, const void* pc) {
  if (mach_on_dead_stack(memory)) mach_event(EVENT_ObjectFreed, mach_object(object_kind, memory), FREED_Frame, how, pc);
}

/* The families' shares of the above. */
void note_waits_in(const void* memory, m_u64 size, const void* pc);
void note_work_in(const void* memory, m_u64 size, const void* pc);
void note_resources_in(const void* memory, m_u64 size, const void* pc);
void note_push_locks_in(const void* memory, m_u64 size, const void* pc);
void note_lookaside_lists_in(const void* memory, m_u64 size, const void* pc);
void note_queues_in(const void* memory, m_u64 size, const void* pc);
void note_resources_left(const void* pc);
void note_lookaside_lists_left(const void* pc);

inline bool is_inside(const void* address, const void* memory, m_u64 size) {
  return (ULONG_PTR)address - (ULONG_PTR)memory < size;
}

}  // namespace nt

#endif
