#include "emu/nt/seed.h"

#include "emu/nt/nt_families.h"

namespace nt {
namespace {

const nt_seed_value* values;
const nt_seed_file* files;

}  // namespace

void reset_seed() {
  values = nullptr;
  files = nullptr;
}

const nt_seed_value* seeded_values() {
  return values;
}

const nt_seed_file* seeded_files() {
  return files;
}

}  // namespace nt

extern "C" void nt_seed(const struct nt_seed_value* values, const struct nt_seed_file* files) {
  nt::values = values;
  nt::files = files;
}
