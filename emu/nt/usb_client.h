/* The function driver of a USB device, as far as the bus driver below it can tell: what it passes in internal controls. */
#ifndef WDMFUZZ_EMU_NT_USB_CLIENT_H
#define WDMFUZZ_EMU_NT_USB_CLIENT_H

#include "emu/nt/nt.h"

namespace nt {

/* Is it one of the USB stack's internal controls, whose argument is a pointer in Parameters.Others.Argument1? */
bool usb_is_internal_control(ULONG code);
/* The argument for it, in kernel memory: for IOCTL_INTERNAL_USB_SUBMIT_URB a well-formed URB made of `data`, which points to
 * `*transfer` (the caller frees both), else zeroed memory that begins with `data`. */
void* usb_make_argument(ULONG code, const m_u8* data, ULONG data_size, ULONG transfer_size, void** transfer);

}  // namespace nt

#endif
