/* ExXxxTimer timers, for the clock. */
#ifndef WDMFUZZ_EMU_NT_EX_TIMER_H
#define WDMFUZZ_EMU_NT_EX_TIMER_H

#include "emu/nt/nt.h"

namespace nt {

/* True when `timer` is such a timer; it has then expired. */
bool ex_timer_expired(void* timer);

}  // namespace nt

#endif
