/* Hardware abstraction layer: the little of it that old drivers use. */
#include "emu/nt/nt.h"

extern "C" {

/* The speaker is there, but nobody listens. */
NTHALAPI BOOLEAN NTAPI HalMakeBeep(ULONG) {
  DDI_ENTER(HalMakeBeep, nullptr);
  return TRUE;
}

}  // extern "C"
