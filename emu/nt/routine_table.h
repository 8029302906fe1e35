#ifndef WDMFUZZ_EMU_NT_ROUTINE_TABLE_H
#define WDMFUZZ_EMU_NT_ROUTINE_TABLE_H

namespace nt {

/* Address of an emulated DDI or C run-time function, under the name a driver knows it by; null when there is none. */
void* routine_address(const char* name);

}  // namespace nt

#endif
