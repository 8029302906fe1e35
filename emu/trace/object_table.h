// Address -> small object number, for one run. Clearing costs nothing: entries carry the generation they belong to.
#pragma once

#include <cstdint>
#include <vector>

namespace wdm {

class ObjectTable {
 public:
  ObjectTable() : slots_(1u << 10) {}

  void clear() {
    ++generation_;
    used_ = 0;
  }

  // 0 when there is none.
  std::uint32_t find(const void* address) const {
    const Slot& slot = slots_[probe(address)];
    return live(slot) && slot.address == address ? slot.number : 0;
  }

  void insert(const void* address, std::uint32_t number) {
    if (used_ * 2 >= slots_.size()) grow();
    Slot& slot = slots_[probe(address)];
    if (!live(slot)) ++used_;
    slot = {address, number, generation_};
  }

  void erase(const void* address) {
    Slot& slot = slots_[probe(address)];
    if (live(slot) && slot.address == address) slot.number = 0;
  }

 private:
  struct Slot {
    const void* address = nullptr;
    std::uint32_t number = 0;
    std::uint32_t generation = 0;
  };

  bool live(const Slot& slot) const { return slot.generation == generation_; }

  std::size_t probe(const void* address) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = (reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15ull >> 40) & mask;
    while (live(slots_[i]) && slots_[i].address != address) i = (i + 1) & mask;
    return i;
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (live(slot)) slots_[probe(slot.address)] = slot;
  }

  std::vector<Slot> slots_;
  std::uint32_t generation_ = 1;
  std::size_t used_ = 0;
};

}  // namespace wdm
