/* What driver.toml puts into the machine before the driver is loaded. */
#ifndef WDMFUZZ_EMU_NT_SEED_H
#define WDMFUZZ_EMU_NT_SEED_H

#include "emu/nt/nt.h"

namespace nt {

/* Registry values, ended by one without a key; files, ended by one without a path. Null: there are none. */
const nt_seed_value* seeded_values();
const nt_seed_file* seeded_files();

}  // namespace nt

#endif
