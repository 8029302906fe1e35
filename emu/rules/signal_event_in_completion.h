// A thread that waits for ever for an event that the completion of an IRP should have set.
#pragma once

#include <optional>

#include "emu/rules/rule.h"

namespace wdm {

struct CompletionWait {
  RuleId rule;               // that names it; Deadlock is silent then
  ObjectId irp;
  std::uint32_t wait;        // index of the WaitBegin
  std::uint32_t sent;        // index of the IrpForward, or of the IrpCreate when the I/O manager should have set the event
  std::uint32_t routine;     // index of the CallbackEnter of the completion routine that did not set it, plus 1, or 0
};

// For a Stuck event. Linear: the run has ended.
std::optional<CompletionWait> completion_wait(const Trace& trace, std::uint32_t stuck, const Ledger& ledger);

}  // namespace wdm
