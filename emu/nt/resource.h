/* Executive resources, for pool and devices, whose memory may hold one. */
#ifndef WDMFUZZ_EMU_NT_RESOURCE_H
#define WDMFUZZ_EMU_NT_RESOURCE_H

#include "emu/nt/nt.h"

namespace nt {

/* The memory goes: stops the machine (0xC4, 0xD2) when a resource in it was not deleted. */
void require_no_resource_in(const void* memory, m_u64 size, const void* pc);

}  // namespace nt

#endif
