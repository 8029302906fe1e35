/* MmGetSystemRoutineAddress: exports by name. What is not emulated does not exist on this machine. */
#include "emu/nt/routine_table.h"
#include "emu/nt/text.h"

extern "C" {

NTKERNELAPI PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName) {
  DDI_ENTER(MmGetSystemRoutineAddress, nullptr);
  char name[128];
  const ULONG length = SystemRoutineName->Length / sizeof(WCHAR);
  if (length >= sizeof name) return nullptr;
  for (ULONG i = 0; i < length; ++i) name[i] = nt::narrow(SystemRoutineName->Buffer[i]);
  name[length] = 0;
  return nt::routine_address(name);
}

}  // extern "C"
