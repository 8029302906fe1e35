// The device behind ports and registers. It says what the input says: the bytes that came with an interrupt, in the order in
// which they are read. After that a register holds what was last written to it, or something that depends only on its
// address and on how often it was read; never the same for ever, so that a driver that polls comes to an end.

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"
#include "emu/machine/sanitizer.h"
#include "emu/schedule/hash.h"

namespace wdm {

namespace {

std::uint64_t low_bytes(std::uint64_t value, unsigned size) {
  return size >= 8 ? value : value & ((std::uint64_t{1} << 8 * size) - 1);
}

template <class Registers>
auto& register_at(Registers& registers, std::uint64_t address) {
  for (auto& r : registers)
    if (r.address == address) return r;
  return registers.emplace_back(typename Registers::value_type{address, 0, 0, false});
}

}  // namespace

void Machine::reset_devices() {
  for (InterruptLine& line : lines_) line.handler = nullptr;
  asserted_lines_ = 0;
  answers_.clear();
  answers_at_ = 0;
  registers_.clear();
  io_mappings_.clear();
  if (registers_used_) poison(register_arena_, registers_used_);
  registers_used_ = 0;
}

void Machine::device_answers(const std::uint8_t* answers, std::size_t size) {
  answers_.assign(answers, answers + size);
  answers_at_ = 0;
}

std::uint64_t Machine::device_read(std::uint64_t address, unsigned size) {
  if (answers_at_ < answers_.size()) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size && answers_at_ < answers_.size(); ++i)
      value |= std::uint64_t{answers_[answers_at_++]} << 8 * i;
    return value;
  }
  Register& r = register_at(registers_, address);
  const std::uint64_t noise = mix64(address * 0x9e3779b97f4a7c15ull + ++r.reads);
  // Three times out of four a register that was written answers that.
  if (r.was_written && (noise >> 60 & 3) != 0) return low_bytes(r.written, size);
  return low_bytes(noise, size);
}

void Machine::device_write(std::uint64_t address, std::uint64_t value, unsigned size) {
  Register& r = register_at(registers_, address);
  r.written = low_bytes(value, size);
  r.was_written = true;
}

// Device memory has contents of its own, too, for a driver that dereferences the mapping.
void* Machine::io_map(std::uint64_t physical, std::uint64_t size) {
  constexpr std::uint64_t kPage = 4096;
  const std::uint64_t rounded = (size + kPage - 1) / kPage * kPage + kPage;
  if (!register_arena_) {
    void* const memory = mmap(nullptr, limits::kRegisterBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    register_arena_ = static_cast<char*>(memory);
    poison(register_arena_, limits::kRegisterBytes);
  }
  if (size > limits::kRegisterBytes || registers_used_ + rounded > limits::kRegisterBytes) return nullptr;
  char* const memory = register_arena_ + registers_used_ + physical % kPage;
  registers_used_ += rounded;
  unpoison(memory, size);
  for (std::uint64_t i = 0; i < size; ++i) memory[i] = static_cast<char>(mix64(physical + i));
  io_mappings_.push_back({memory, physical, size});
  return memory;
}

bool Machine::io_unmap(void* address) {
  const auto found = std::find_if(io_mappings_.begin(), io_mappings_.end(), [&](const IoMapping& m) { return m.address == address; });
  if (found == io_mappings_.end()) return false;
  poison(found->address, found->size);
  io_mappings_.erase(found);
  return true;
}

bool Machine::io_physical(const void* address, std::uint64_t& physical) const {
  for (const IoMapping& m : io_mappings_) {
    const auto offset = reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(m.address);
    if (offset < m.size) return physical = m.physical + offset, true;
  }
  return false;
}

}  // namespace wdm
