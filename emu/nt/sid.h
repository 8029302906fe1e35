/* Security identifiers and access control lists. No scheduling points. */
#ifndef WDMFUZZ_EMU_NT_SID_H
#define WDMFUZZ_EMU_NT_SID_H

#include "emu/nt/nt.h"

namespace nt {

struct Sid {
  m_u8 revision;
  m_u8 count;
  m_u8 authority[6];
  ULONG parts[15];
};

inline ULONG sid_bytes(const void* sid) {
  return 8 + 4 * ((const Sid*)sid)->count;
}
bool sid_is_valid(const void* sid);
bool sid_equal(const void* a, const void* b);
/* Absolute and self-relative descriptors alike; null when there is no DACL, `*present` false when nobody has set one. */
const ACL* dacl_of(const void* descriptor, bool* present);

/* Who is meant, as far as descriptors in drivers go. */
extern Sid sid_world, sid_authenticated, sid_users, sid_admins, sid_system;

}  // namespace nt

#endif
