#include "emu/trace/ddi_numbers.h"
#include "harness/scenario_binary.h"

#include <algorithm>
#include <array>

namespace wdm::binary {

namespace {

// FNV-1a.
std::uint32_t hash(std::string_view name) {
  std::uint32_t h = 0x811c9dc5;
  for (const char c : name) h = (h ^ static_cast<std::uint8_t>(c)) * 0x01000193;
  return h;
}

struct Entry {
  std::uint32_t key;
  std::uint16_t ddi;
};

std::array<Entry, DDI_COUNT> sorted_by_key() {
  std::array<Entry, DDI_COUNT> entries;
  for (std::uint16_t ddi = 0; ddi < DDI_COUNT; ++ddi) entries[ddi] = {ddi_key(ddi), ddi};
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  return entries;
}

}  // namespace

std::uint32_t ddi_key(std::uint16_t ddi) {
  return ddi == DDI_None ? 0 : hash(ddi_name(ddi));
}

std::optional<std::uint16_t> find_ddi_key(std::uint32_t key) {
  static const auto entries = sorted_by_key();
  const auto found = std::lower_bound(entries.begin(), entries.end(), key,
                                      [](const Entry& entry, std::uint32_t wanted) { return entry.key < wanted; });
  if (found == entries.end() || found->key != key) return std::nullopt;
  return found->ddi;
}

}  // namespace wdm::binary
