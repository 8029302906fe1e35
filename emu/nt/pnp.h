/* The PnP manager: a tree of device nodes, the requests that each may get, and what enumeration makes of what a bus reports.
 *
 * Requests are synchronous, and one operation on the tree at a time is under way, as on Windows. */
#ifndef WDMFUZZ_EMU_NT_PNP_H
#define WDMFUZZ_EMU_NT_PNP_H

#include "emu/nt/irp.h"

namespace nt {

using Request = struct ::nt_request;

enum class PnpState : m_u8 { found, added, started, stop_pending, stopped, remove_pending, surprise_removed, removed };

/* What is known of a device. Strings are the kernel's, or null; lists of them end with an empty one. */
struct DevNode {
  DevNode* next;   /* in order of discovery */
  DevNode* parent; /* the node of the bus that reported it; null: our own bus */
  PDEVICE_OBJECT pdo;
  PnpState state;
  bool has_driver; /* AddDevice was called for it, and succeeded */
  bool present;    /* its bus reported it when it was last asked */
  bool leaving;    /* as long as the removal that it is part of goes on: nobody may open it */
  m_u32 number;    /* in order of discovery, from 0 */
  WCHAR* device_id;
  WCHAR* instance_id;
  WCHAR* hardware_ids;
  WCHAR* compatible_ids;
  WCHAR* description;
  WCHAR* location;
  DEVICE_CAPABILITIES capabilities;
  PNP_BUS_INFORMATION bus;
  PNP_DEVICE_STATE flags;
  SYSTEM_POWER_STATE system_power;
};

/* Physical device object `index` of those that are not removed; or null. */
PDEVICE_OBJECT pnp_device(m_u32 index);
/* The node of a physical device object that is not removed, or null. */
DevNode* pnp_node(PDEVICE_OBJECT pdo);
/* The node of the stack that `device` is in, or null. */
DevNode* pnp_node_of_stack(PDEVICE_OBJECT device);
/* The oldest node, also of removed devices; follow `next`. */
DevNode* pnp_first_node();
bool is_pdo(PDEVICE_OBJECT device);
/* Was it ever started? Before that nobody knows of it. */
bool pnp_accepts_requests(PDEVICE_OBJECT pdo);

/* What the scenario asks for, when the PnP manager could send it in the device's state, else STATUS_INVALID_DEVICE_STATE and it
 * reaches nobody. Requires: PASSIVE_LEVEL. Yields. */
NTSTATUS pnp_request(const Request& request, PDEVICE_OBJECT pdo);
/* IRP_MN_SET_POWER and IRP_MN_QUERY_POWER for a system power state. Yields. */
NTSTATUS power_request(const Request& request, PDEVICE_OBJECT pdo);
/* A WMI request. Yields. */
NTSTATUS system_control_request(const Request& request, PDEVICE_OBJECT pdo);
/* A new physical device object for a device that the driver has found itself; it counts as started. */
PDEVICE_OBJECT report_detected_device();

/* --- for the files of the PnP manager ------------------------------------------------------------------------------ */

/* The tree is one operation's at a time: waits until the others are done. Requires: PASSIVE_LEVEL. Yields. */
void pnp_lock_tree();
void pnp_unlock_tree();
/* Has work(context) done by the PnP manager's own thread, at PASSIVE_LEVEL, in the order of the calls. Any IRQL up to
 * DISPATCH_LEVEL. Yields not. */
void pnp_queue_work(void (*work)(void*), void* context);

/* Fills the parameters of a request. */
typedef void (*PnpFill)(PIO_STACK_LOCATION location, void* context);
/* Sends one PnP request to the stack of `node` and waits for its end. `information` is read and written, when not null. The
 * status that the PnP manager sees: that of the dispatch routine, or of the request when that was pending. Yields. */
NTSTATUS pnp_send(DevNode* node, m_u8 minor, m_u32 op, PnpFill fill = nullptr, void* context = nullptr,
                  ULONG_PTR* information = nullptr);
/* A request whose status says "nobody knows it" until somebody does. */
IrpRecord* make_system_request(PDEVICE_OBJECT pdo, m_u8 major, m_u8 minor, m_u32 op);

DevNode* pnp_add_node(DevNode* parent, PDEVICE_OBJECT pdo);
/* Gives our own device the identity that the driver is installed for. */
void pnp_identify_root(DevNode* node);
/* Asks the bus for the node's identity and calls AddDevice when the driver is meant for it, then starts the device.
 * Requires: the tree is locked. Yields. */
void pnp_bring_up(DevNode* node);
/* AddDevice. */
NTSTATUS pnp_call_add_device(DevNode* node);
/* IRP_MN_START_DEVICE and what follows it when it succeeds, enumeration included; a device that fails is removed. */
NTSTATUS pnp_start(DevNode* node, m_u32 op);
/* Asks the node which devices are on its bus. New ones are brought up, those that are gone are removed. */
NTSTATUS pnp_enumerate(DevNode* node, m_u32 op);
/* IRP_MN_QUERY_REMOVE_DEVICE for all below the node, then for itself; when one refuses, IRP_MN_CANCEL_REMOVE_DEVICE for all
 * that were asked. */
NTSTATUS pnp_query_remove(DevNode* node, m_u32 op);
/* IRP_MN_CANCEL_REMOVE_DEVICE for the node, then for all below it. */
void pnp_cancel_remove(DevNode* node, m_u32 op);
/* IRP_MN_SURPRISE_REMOVAL for the node and all below it. */
void pnp_surprise_remove(DevNode* node, m_u32 op);
/* IRP_MN_REMOVE_DEVICE for all below the node, then for itself. */
NTSTATUS pnp_remove(DevNode* node, m_u32 op);
/* Is a file open on the node or below it? */
bool pnp_is_open(const DevNode* node);
/* A file on this device was closed: a device that is unplugged is removed when it was the last. Any IRQL. */
void pnp_file_closed(PDEVICE_OBJECT device);

/* IoInvalidateDeviceRelations, IoInvalidateDeviceState, IoRequestDeviceEject: the work is done later. A device that is no
 * physical device object stops the machine (0xCA), as on Windows. */
void pnp_invalidate_relations(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type, const void* pc);
void pnp_invalidate_state(PDEVICE_OBJECT pdo, const void* pc);
void pnp_request_eject(PDEVICE_OBJECT pdo, const void* pc);

/* --- notifications (pnp_notify.cc) ----------------------------------------------------------------------------------- */

/* An interface of that class appeared or went. The callbacks come later, from the PnP manager's thread. */
void notify_interface_change(const GUID* interface_class, const UNICODE_STRING* link, bool arrival);
/* Asks those who follow the device. False when one of them does not want it removed. Yields. */
bool notify_query_remove(DevNode* node);
void notify_remove_cancelled(DevNode* node);
void notify_remove_complete(DevNode* node);
/* What happens to the interfaces of a device that goes. */
void disable_interfaces_of(PDEVICE_OBJECT pdo);
/* The interface of that name and its device, or null. */
const UNICODE_STRING* find_interface(const UNICODE_STRING* link, PDEVICE_OBJECT* pdo);
/* Enabled interfaces of a class in order of registration: calls visit(link, context) for each. */
void for_each_interface(const GUID* interface_class, bool disabled_too, PDEVICE_OBJECT pdo,
                        void (*visit)(const UNICODE_STRING* link, void* context), void* context);

}  // namespace nt

#endif
