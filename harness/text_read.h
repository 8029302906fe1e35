// The parts of from_text: one line each.
#pragma once

#include "harness/text_line.h"

namespace wdm::text {

// "T2 cancel op 2 irql=2", what follows "3:". The id is the caller's.
Operation read_operation(Line& line);
// "at ...", "hold at ...", "fail at ...".
Directive read_directive(Line& line);
// "schedule random seed=0x12 runs=16", what follows the first word.
Schedule read_schedule(Line& line);

}  // namespace wdm::text
