/* A bus driver of our own: the physical devices below the drivers that user mode plugs in. */
#ifndef WDMFUZZ_EMU_NT_BUS_H
#define WDMFUZZ_EMU_NT_BUS_H

#include "emu/nt/nt.h"

namespace nt {

/* A fresh physical device object, with an automatic name. */
PDEVICE_OBJECT bus_make_pdo();
/* Is it the bus driver's? */
bool bus_owns(PDEVICE_OBJECT device);

/* Completes an IRP that the device below keeps: when it is cancelled, or by itself after a while (bus_reply.cc). `status` and
 * `information` are what it then ends with. Returns STATUS_PENDING. */
NTSTATUS bus_keep_until_cancelled(PIRP irp, bool for_ever, NTSTATUS status, ULONG_PTR information);
/* Completes it now or later, as the schedule chooses: the ordinary answer is `status` at once. Yields. */
NTSTATUS bus_reply(PDEVICE_OBJECT device, PIRP irp, NTSTATUS status, ULONG_PTR information);
/* What a device does with reads, writes and controls that are passed down to it. Yields. */
NTSTATUS bus_transfer(PDEVICE_OBJECT device, PIRP irp);
/* The clock's; false when it is none of the bus's timers. */
bool bus_timer_expired(void* timer);

}  // namespace nt

#endif
