/* Entries for the system's event log. Nobody reads it. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

constexpr m_u32 kEntryTag = 0x72456f49; /* 'IoEr' */

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI PVOID NTAPI IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize) {
  DDI_ENTER(IoAllocateErrorLogEntry, IoObject);
  if (!IoObject || EntrySize < sizeof(IO_ERROR_LOG_PACKET) || EntrySize > ERROR_LOG_MAXIMUM_SIZE) return nullptr;
  return mach_pool_alloc(EntrySize, nt::kEntryTag, MACH_POOL_ZERO, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoWriteErrorLogEntry(PVOID ElEntry) {
  DDI_ENTER(IoWriteErrorLogEntry, ElEntry);
  mach_pool_free(ElEntry, nt::kEntryTag, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoFreeErrorLogEntry(PVOID ElEntry) {
  DDI_ENTER(IoFreeErrorLogEntry, ElEntry);
  mach_pool_free(ElEntry, nt::kEntryTag, ddi.pc());
}

}  // extern "C"
