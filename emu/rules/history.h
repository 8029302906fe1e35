// Looking back in a trace, for the evidence of a finding. Linear: not for the silent path.
#pragma once

#include <cstdint>

#include "emu/rules/rule.h"

namespace wdm {

// Adds to `finding` the last event of that kind about that object before event `index`, when there is one.
inline void add_last(Finding& finding, const Trace& trace, std::uint32_t index, std::uint16_t kind, ObjectId object,
                     std::string text) {
  while (index-- > 0) {
    if (trace.events[index].kind != kind || trace.events[index].object != object) continue;
    finding.evidence.push_back({index, std::move(text)});
    return;
  }
}

}  // namespace wdm
