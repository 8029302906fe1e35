// The raises of the IRQL that a routine has not undone yet.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "emu/rules/rule.h"
#include "emu/trace/ddi_numbers.h"

namespace wdm {

// KeRaiseIrql and its like; locks raise it, too.
inline bool raises_irql(std::uint16_t ddi) {
  return ddi == DDI_KfRaiseIrql || ddi == DDI_KeRaiseIrqlToDpcLevel || ddi == DDI_KeRaiseIrqlToSynchLevel;
}

inline bool shares_irql_with_caller(std::uint32_t callback) {
  return callback == CALLBACK_Csq || callback == CALLBACK_Other;
}

// The raises of the running routine that nothing has undone yet, the last one first. Walks back through the trace:
// what lowers is rare and its raise is near.
class OpenRaises {
 public:
  OpenRaises(const Trace& trace, std::uint32_t before)
      : trace_(trace), at_(before), thread_(trace.events[before].thread), depth_(trace.events[before].depth) {}

  // Null when there is none left.
  const Event* next() {
    while (at_-- > 0) {
      const Event& event = trace_.events[at_];
      if (event.thread != thread_) continue;
      if (event.kind == EVENT_CallbackLeave) {
        if (!shares_irql_with_caller(event.arg2)) skip_callback(event.activation);
      } else if (event.kind == EVENT_CallbackEnter && event.depth <= depth_) {  // else an exception ended it
        if (!shares_irql_with_caller(event.arg2)) break;
        --depth_;
      } else if (event.arg == event.arg2) {
        continue;
      } else if (event.kind == EVENT_IrqlLower) {
        undone_.push_back(static_cast<std::uint8_t>(event.arg));
      } else if (event.kind == EVENT_IrqlRaise && !is_undone(event)) {
        return &event;
      }
    }
    at_ = 0;
    return nullptr;
  }

 private:
  void skip_callback(std::uint16_t activation) {
    while (at_ > 0) {
      const Event& event = trace_.events[--at_];
      if (event.kind == EVENT_CallbackEnter && event.thread == thread_ && event.activation == activation) return;
    }
  }
  bool is_undone(const Event& raise) {
    const auto lower = std::ranges::find(undone_, raise.arg2);
    if (lower == undone_.end()) return false;
    undone_.erase(lower);
    return true;
  }

  const Trace& trace_;
  std::uint32_t at_;
  std::uint8_t thread_;
  std::uint8_t depth_;                // of the routine
  std::vector<std::uint8_t> undone_;  // IRQLs that later lowers restored
};

}  // namespace wdm
