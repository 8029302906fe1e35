/* Push locks, for pool and devices, whose memory may hold one. */
#ifndef WDMFUZZ_EMU_NT_PUSH_LOCK_H
#define WDMFUZZ_EMU_NT_PUSH_LOCK_H

#include "emu/nt/nt.h"

namespace nt {

/* The memory goes: a violation of LockFreedWhileHeld when a push lock in it is held. */
void require_no_push_lock_in(const void* memory, m_u64 size, const void* pc);

}  // namespace nt

#endif
