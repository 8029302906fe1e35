/* The PnP and power managers as far as one device at a time needs them, and the bus driver below it. */
#ifndef WDMFUZZ_EMU_NT_PNP_H
#define WDMFUZZ_EMU_NT_PNP_H

#include "emu/nt/irp.h"

namespace nt {

using Request = struct ::nt_request;

/* Physical device object `index` of those that AddDevice was called for and that are not removed; or null. */
PDEVICE_OBJECT pnp_device(m_u32 index);
/* Was it ever started? Before that nobody knows of it. */
bool pnp_accepts_requests(PDEVICE_OBJECT pdo);
/* Sends the request if the PnP manager could send it in the device's state, else STATUS_INVALID_DEVICE_STATE and it
 * reaches nobody. Yields. */
NTSTATUS pnp_request(const Request& request, PDEVICE_OBJECT pdo);
/* IRP_MN_SET_POWER and IRP_MN_QUERY_POWER for a system power state. Yields. */
NTSTATUS power_request(const Request& request, PDEVICE_OBJECT pdo);
/* A WMI request. Yields. */
NTSTATUS system_control_request(const Request& request, PDEVICE_OBJECT pdo);
/* A new physical device object for a device that the driver has found itself; it counts as started. */
PDEVICE_OBJECT report_detected_device();
/* Is it one of our physical device objects? */
bool is_pdo(PDEVICE_OBJECT device);

}  // namespace nt

#endif
