// A set of DDIs given by name. A name that ddis.def does not have (yet) is in no set: the driver cannot call it.
#pragma once

#include <bitset>
#include <initializer_list>
#include <string_view>

#include "emu/trace/ddi_numbers.h"
#include "emu/trace/trace.h"

namespace wdm {

class DdiSet {
 public:
  DdiSet(std::initializer_list<std::string_view> names) {
    for (std::string_view name : names) {
      if (const std::uint16_t ddi = find_ddi(name); ddi != DDI_None) ddis_.set(ddi);
    }
  }
  bool contains(std::uint16_t ddi) const { return ddi < DDI_COUNT && ddis_.test(ddi); }

 private:
  std::bitset<DDI_COUNT> ddis_;
};

}  // namespace wdm
