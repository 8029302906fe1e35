/* Every DDI by name, from the one table: for MmGetSystemRoutineAddress, and the proof that each line of the table is defined.
 * No header of the DDK is included here, whose declarations have other types. */
#include "emu/nt/routine_table.h"

#define DDI(name, family, min_irql, max_irql, status, title) extern "C" char name[];
#include "emu/nt/ddis.def"
#undef DDI

namespace nt {
namespace {

struct Routine {
  const char* name;
  void* address;
};

const Routine routines[] = {
#define DDI(name, family, min_irql, max_irql, status, title) {#name, name},
#include "emu/nt/ddis.def"
#undef DDI
};

bool equal(const char* a, const char* b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}

}  // namespace

void* routine_address(const char* name) {
  for (const Routine& routine : routines) {
    const bool is_crt = routine.name[0] == 'n' && routine.name[1] == 't' && routine.name[2] == '_';
    if (equal(is_crt ? routine.name + 3 : routine.name, name)) return routine.address;
  }
  return nullptr;
}

}  // namespace nt
