/* A device's IoTimer, for the families that delete devices and keep time. */
#ifndef WDMFUZZ_EMU_NT_IO_TIMER_H
#define WDMFUZZ_EMU_NT_IO_TIMER_H

#include "emu/nt/nt.h"

namespace nt {

/* The device object goes, and its timer with it. */
void io_timer_gone(PDEVICE_OBJECT device);
/* True when `timer` is the machine timer of an IoTimer, whose routine is then due. */
bool io_timer_expired(void* timer);

}  // namespace nt

#endif
