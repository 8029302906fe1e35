/* ExUuidCreate. A number of this machine's own, counted: the same in every run. */
#include "emu/nt/nt.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

ULONG last;

}  // namespace

void reset_uuid() {
  last = 0;
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI ExUuidCreate(UUID* Uuid) {
  DDI_ENTER(ExUuidCreate, nullptr);
  *Uuid = {++nt::last, 0x6477, 0x416d, {0x80, 0, 'w', 'd', 'm', 'f', 'u', 'z'}}; /* version 4, the usual variant */
  return STATUS_SUCCESS;
}

}  // extern "C"
