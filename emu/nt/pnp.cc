/* The PnP manager: device nodes, the states they are in, and the requests of each state. */
#include "emu/nt/pnp.h"

#include "emu/nt/bus.h"
#include "emu/nt/device.h"
#include "emu/nt/file.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

bool accept_unstarted;
DevNode* nodes;
DevNode** nodes_end = &nodes;
m_u32 node_count;

/* --- one operation at a time ---------------------------------------------------------------------------------------- */

struct Waiter {
  Waiter* next;
  m_u32 thread;
};

bool tree_locked;
Waiter* waiters;

/* --- the PnP manager's own thread ----------------------------------------------------------------------------------- */

struct Work {
  Work* next;
  void (*work)(void*);
  void* context;
};

Work* work_queue;
m_u32 worker;      /* its thread plus 1, or 0 */
bool worker_sleeps;

void work_for_ever(void*) {
  for (;;) {
    while (Work* one = work_queue) {
      work_queue = one->next;
      one->work(one->context);
      mach_pool_free(one, 0, nullptr);
    }
    worker_sleeps = true;
    mach_block(0, nullptr, nullptr);
  }
}

/* --- requests --------------------------------------------------------------------------------------------------------- */

struct Sent {
  NTSTATUS status;
  ULONG_PTR information;
  bool done;
};

void after_pnp(IrpRecord* record, NTSTATUS status, ULONG_PTR information) {
  *(Sent*)record->context = {status, information, true};
}

PnpState next_state(PnpState state, m_u8 minor, NTSTATUS status) {
  switch (minor) {
    case IRP_MN_START_DEVICE:
      return NT_SUCCESS(status) ? PnpState::started : state;
    case IRP_MN_QUERY_STOP_DEVICE:
      return NT_SUCCESS(status) ? PnpState::stop_pending : state;
    case IRP_MN_QUERY_REMOVE_DEVICE:
      return NT_SUCCESS(status) ? PnpState::remove_pending : state;
    case IRP_MN_STOP_DEVICE:
      return PnpState::stopped;
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
      return PnpState::started;
    case IRP_MN_SURPRISE_REMOVAL:
      return PnpState::surprise_removed;
    case IRP_MN_REMOVE_DEVICE:
      return PnpState::removed;
    default:
      return state;
  }
}

/* The reference that the bus took when it reported the device, or our own device object. */
void forget(DevNode* node) {
  if (!node->parent)
    delete_device(node->pdo);
  else
    io_dereference_object(node->pdo);
}

/* Calls visit(child) for each living child; the list may grow meanwhile. */
template <class Visit>
void for_each_child(const DevNode* node, Visit visit) {
  for (DevNode* child = nodes; child; child = child->next)
    if (child->parent == node && child->state != PnpState::removed) visit(child);
}

}  // namespace

void reset_pnp() {
  nodes = nullptr;
  nodes_end = &nodes;
  node_count = 0;
  tree_locked = false;
  waiters = nullptr;
  work_queue = nullptr;
  worker = 0;
  worker_sleeps = false;
  accept_unstarted = false;
}

void pnp_lock_tree() {
  while (tree_locked) {
    Waiter self{waiters, mach_thread()};
    waiters = &self;
    mach_block(0, nullptr, nullptr);
  }
  tree_locked = true;
}

void pnp_unlock_tree() {
  tree_locked = false;
  for (Waiter* one = waiters; one; one = one->next) mach_wake(one->thread, 0);
  waiters = nullptr;
}

void pnp_queue_work(void (*work)(void*), void* context) {
  auto* one = (Work*)mach_pool_alloc(sizeof(Work), 0, MACH_POOL_KERNEL, nullptr);
  *one = {nullptr, work, context};
  Work** end = &work_queue;
  while (*end) end = &(*end)->next;
  *end = one;
  if (!worker) {
    worker = mach_thread_create(work_for_ever, nullptr, MACH_THREAD_WORKER, nullptr, nullptr) + 1;
  } else if (worker_sleeps) {
    worker_sleeps = false;
    mach_wake(worker - 1, 0);
  }
}

/* --- nodes ------------------------------------------------------------------------------------------------------------ */

DevNode* pnp_add_node(DevNode* parent, PDEVICE_OBJECT pdo) {
  auto* node = (DevNode*)mach_pool_alloc(sizeof(DevNode), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  node->parent = parent;
  node->pdo = pdo;
  node->present = true;
  find_device(pdo)->removing = false; /* a bus may report again what was removed */
  node->number = node_count++;
  node->system_power = PowerSystemWorking;
  *nodes_end = node;
  nodes_end = &node->next;
  return node;
}

DevNode* pnp_first_node() {
  return nodes;
}

DevNode* pnp_node(PDEVICE_OBJECT pdo) {
  for (DevNode* node = nodes; node; node = node->next)
    if (node->pdo == pdo && node->state != PnpState::removed) return node;
  return nullptr;
}

DevNode* pnp_node_of_stack(PDEVICE_OBJECT device) {
  while (DeviceRecord* record = find_device(device)) {
    if (record->gone) return nullptr;
    if (!record->lower) break;
    device = record->lower;
  }
  return pnp_node(device);
}

bool is_pdo(PDEVICE_OBJECT device) {
  return pnp_node(device) != nullptr;
}

PDEVICE_OBJECT pnp_device(m_u32 index) {
  for (DevNode* node = nodes; node; node = node->next)
    if (node->state != PnpState::removed && index-- == 0) return node->pdo;
  return nullptr;
}

bool pnp_accepts_requests(PDEVICE_OBJECT pdo) {
  const DevNode* node = pnp_node(pdo);
  if (!node) return false;
  return node->state > PnpState::added || (accept_unstarted && node->state == PnpState::added);
}

bool pnp_is_open(const DevNode* node) {
  for (PDEVICE_OBJECT device = node->pdo; device; device = device->AttachedDevice)
    if (device->ReferenceCount) return true;
  bool open = false;
  for_each_child(node, [&](DevNode* child) { open |= pnp_is_open(child); });
  return open;
}

/* --- sending ---------------------------------------------------------------------------------------------------------- */

IrpRecord* make_system_request(PDEVICE_OBJECT pdo, m_u8 major, m_u8 minor, m_u32 op) {
  IrpRecord* record = make_request(pdo, nullptr, major, minor, op, true);
  record->irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
  return record;
}

NTSTATUS pnp_send(DevNode* node, m_u8 minor, m_u32 op, PnpFill fill, void* context, ULONG_PTR* information) {
  Sent sent{};
  IrpRecord* record = make_system_request(node->pdo, IRP_MJ_PNP, minor, op);
  if (information) record->irp->IoStatus.Information = *information;
  if (fill) fill(next_location(record->irp), context);
  record->context = &sent;
  record->done = after_pnp;
  /* The top of the stack stays until the call returns, also when the driver deletes it meanwhile. */
  PDEVICE_OBJECT top = top_of_stack(node->pdo);
  io_reference_object(top);
  NTSTATUS status = send_request(node->pdo, record);
  /* When the dispatch routine says it is done the PnP manager goes on, even if the request never was completed. */
  if (status == STATUS_PENDING) {
    irp_wait_until_done(record);
    status = sent.status;
  }
  io_dereference_object(top);
  if (!sent.done) record->done = nullptr;
  if (information) *information = sent.information;
  node->state = next_state(node->state, minor, status);
  return status;
}

static void cancel_remove_below(DevNode* node, m_u32 op) {
  for_each_child(node, [&](DevNode* child) {
    if (child->state == PnpState::remove_pending) pnp_cancel_remove(child, op);
  });
}

NTSTATUS pnp_query_remove(DevNode* node, m_u32 op) {
  NTSTATUS status = STATUS_SUCCESS;
  for_each_child(node, [&](DevNode* child) {
    if (NT_SUCCESS(status) && child->state == PnpState::started) status = pnp_query_remove(child, op);
  });
  if (NT_SUCCESS(status) && !notify_query_remove(node)) status = STATUS_UNSUCCESSFUL;
  if (NT_SUCCESS(status)) {
    status = pnp_send(node, IRP_MN_QUERY_REMOVE_DEVICE, op);
    if (NT_SUCCESS(status)) return status;
    /* Drivers of the stack that agreed before one refused have to know. */
    pnp_send(node, IRP_MN_CANCEL_REMOVE_DEVICE, op);
    notify_remove_cancelled(node);
  }
  cancel_remove_below(node, op);
  return status;
}

void pnp_cancel_remove(DevNode* node, m_u32 op) {
  pnp_send(node, IRP_MN_CANCEL_REMOVE_DEVICE, op);
  notify_remove_cancelled(node);
  cancel_remove_below(node, op);
}

void pnp_surprise_remove(DevNode* node, m_u32 op) {
  for_each_child(node, [&](DevNode* child) { pnp_surprise_remove(child, op); });
  if (node->state < PnpState::started || node->state > PnpState::remove_pending) return;
  pnp_send(node, IRP_MN_SURPRISE_REMOVAL, op);
  notify_remove_complete(node);
}

/* A device that is open is not removed, so nobody opens one from the moment that it is found closed. */
static void close_to_opens(const DevNode* node) {
  for (PDEVICE_OBJECT device = node->pdo; device; device = device->AttachedDevice) find_device(device)->removing = true;
  for_each_child(node, close_to_opens);
}

static NTSTATUS remove_tree(DevNode* node, m_u32 op) {
  for_each_child(node, [&](DevNode* child) { remove_tree(child, op); });
  const bool told = node->state == PnpState::surprise_removed;
  const NTSTATUS status = pnp_send(node, IRP_MN_REMOVE_DEVICE, op);
  if (!told) notify_remove_complete(node);
  disable_interfaces_of(node->pdo);
  node->leaving = true;
  return status;
}

/* Windows has a list of the devices that it removes together, and drops its references to them at the end: a bus that is removed
 * still finds the memory of the children that were removed before it. */
NTSTATUS pnp_remove(DevNode* node, m_u32 op) {
  close_to_opens(node);
  const NTSTATUS status = remove_tree(node, op);
  for (DevNode* one = nodes; one; one = one->next) {
    if (!one->leaving) continue;
    one->leaving = false;
    forget(one);
  }
  return status;
}

NTSTATUS pnp_call_add_device(DevNode* node) {
  PDRIVER_OBJECT driver = driver_object();
  const m_u32 object = device_object(node->pdo);
  mach_enter(CALLBACK_AddDevice, (const void*)driver->DriverExtension->AddDevice, object, 0);
  const NTSTATUS status = driver->DriverExtension->AddDevice(driver, node->pdo);
  mach_leave(CALLBACK_AddDevice, object, (m_u32)status);
  if (!NT_SUCCESS(status)) return status;
  node->has_driver = true;
  node->state = PnpState::added;
  return status;
}

/* --- unplugged devices ------------------------------------------------------------------------------------------------ */

static void remove_unplugged(void*) {
  pnp_lock_tree();
  for (DevNode* node = nodes; node; node = node->next)
    if (node->state == PnpState::surprise_removed && !pnp_is_open(node)) pnp_remove(node, 0);
  pnp_unlock_tree();
}

void pnp_file_closed(PDEVICE_OBJECT device) {
  const DevNode* node = pnp_node_of_stack(device);
  if (node && node->state == PnpState::surprise_removed && !pnp_is_open(node)) pnp_queue_work(remove_unplugged, nullptr);
}

PDEVICE_OBJECT report_detected_device() {
  DevNode* node = pnp_add_node(nullptr, bus_make_pdo());
  node->state = PnpState::started;
  return node->pdo;
}

}  // namespace nt

extern "C" {

m_u32 nt_add_device(m_u8 start) {
  nt::accept_unstarted = !start;
  PDRIVER_OBJECT driver = nt::driver_object();
  if (!driver || !driver->DriverExtension->AddDevice) return (m_u32)STATUS_NOT_SUPPORTED;
  nt::pnp_lock_tree();
  nt::DevNode* node = nt::pnp_add_node(nullptr, nt::bus_make_pdo());
  nt::pnp_identify_root(node);
  NTSTATUS status = nt::pnp_call_add_device(node);
  if (!NT_SUCCESS(status)) {
    node->state = nt::PnpState::removed;
    nt::delete_device(node->pdo);
  } else if (start) {
    status = nt::pnp_start(node, 0);
  }
  nt::pnp_unlock_tree();
  return (m_u32)status;
}

/* A device that will not let itself be removed is unplugged. */
void nt_remove_device(void) {
  nt::pnp_lock_tree();
  for (nt::DevNode* node = nt::nodes; node; node = node->next) {
    if (node->parent || node->state == nt::PnpState::removed) continue;
    const nt::PnpState state = node->state;
    const bool asked = state == nt::PnpState::started && NT_SUCCESS(nt::pnp_query_remove(node, 0));
    if (!asked && state != nt::PnpState::remove_pending && state != nt::PnpState::added) nt::pnp_surprise_remove(node, 0);
    nt::pnp_remove(node, 0);
  }
  nt::pnp_unlock_tree();
}

NTKERNELAPI VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type) {
  DDI_ENTER(IoInvalidateDeviceRelations, DeviceObject);
  nt::pnp_invalidate_relations(DeviceObject, Type, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject) {
  DDI_ENTER(IoInvalidateDeviceState, PhysicalDeviceObject);
  nt::pnp_invalidate_state(PhysicalDeviceObject, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject) {
  DDI_ENTER(IoRequestDeviceEject, PhysicalDeviceObject);
  nt::pnp_request_eject(PhysicalDeviceObject, ddi.pc());
}

}  // extern "C"
