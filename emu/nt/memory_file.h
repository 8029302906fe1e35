/* Files of the volume in memory, for the families that need their bytes. */
#ifndef WDMFUZZ_EMU_NT_MEMORY_FILE_H
#define WDMFUZZ_EMU_NT_MEMORY_FILE_H

#include "emu/nt/nt.h"

namespace nt {

/* Is this a file of the volume in memory? */
bool is_memory_file(const FILE_OBJECT* file);
m_u64 memory_file_size(const FILE_OBJECT* file);
/* Copies the first `bytes` bytes, which the file has to have. */
void memory_file_read(const FILE_OBJECT* file, void* out, ULONG bytes);

}  // namespace nt

#endif
