/* What the I/O families know about an IRP besides what the driver sees in it.
 *
 * An IRP is found by its address, also after it is gone, so that a stale pointer is recognised before it is touched.
 * Records live until the machine is reset.
 */
#ifndef WDMFUZZ_EMU_NT_IRP_H
#define WDMFUZZ_EMU_NT_IRP_H

#include "emu/nt/nt.h"

namespace nt {

struct File;
struct IrpRecord;

enum class IrpOrigin : m_u8 {
  request,   /* the I/O manager's own, for a user or the PnP manager */
  allocated, /* IoAllocateIrp: the driver frees it */
  threaded,  /* the IoBuild family: freed when it completes, unless the driver does it first */
  power,     /* PoRequestPowerIrp: the kernel's, asked for by a driver, who may cancel it */
};

/* Called when an IRP of ours has gone all the way up, before its memory is released. Any IRQL up to DISPATCH_LEVEL. */
typedef void (*IrpDone)(IrpRecord* record, NTSTATUS status, ULONG_PTR information);

struct IrpRecord {
  IrpRecord* newer; /* next in order of creation */
  IrpRecord* same_hash;
  PIRP irp;
  void* block;  /* the allocation that holds the IRP */
  m_u32 object; /* number in the trace */
  m_u32 op;     /* scenario operation, 0 for none */
  IrpOrigin origin;
  m_u8 major;             /* as it was sent */
  bool gone;              /* completed or freed: the driver must not touch it */
  bool pool_leaks;        /* the driver owns the block */
  m_u8 guards;            /* the kernel still works on it: its memory stays */
  m_u32 waiter;           /* thread in wait_until_done plus 1, or 0 */
  m_u32 sender;           /* thread inside the dispatch call that began it plus 1, or 0 */
  bool drop_file_later;   /* completed inside that call: the file stays open until it returns, as on Windows */
  File* file;             /* a reference, or null */
  void* kernel_buffer[2]; /* buffers of a kernel-mode client, freed with the IRP */
  void* context;          /* for `done` */
  IrpDone done;
};

/* Makes an IRP with `stack_size` locations, all zero, and its record. Null when memory runs out, which only happens
 * with `by_driver`: then the schedule may let it fail and the block counts as the driver's until it is freed. */
IrpRecord* irp_allocate(CCHAR stack_size, bool by_driver, const void* pc);
/* The record of a living or gone IRP at this address; null when the driver made it in memory of its own. */
IrpRecord* irp_find(PIRP irp);
/* The IRP of operation `op` that is not gone. */
IrpRecord* irp_of_operation(m_u32 op);
/* The oldest record; follow `newer`. */
IrpRecord* irp_first();
/* Number of the IRP in the trace, made on first use. Does not touch the IRP. */
m_u32 irp_object(PIRP irp);
/* Marks the IRP gone and releases its memory, now or when the last guard is dropped. Emits PoolFree for a driver's. */
void irp_release(IrpRecord* record, const void* pc);
void irp_guard(IrpRecord* record);
void irp_unguard(IrpRecord* record);
/* Blocks until `record` is gone. Requires: PASSIVE_LEVEL. Yields. */
void irp_wait_until_done(IrpRecord* record);

/* Passes the IRP to `device`: next stack location, dispatch routine. Yields. */
NTSTATUS call_driver(PDEVICE_OBJECT device, PIRP irp, const void* pc);
/* What IoCallDriver does: call_driver between IrpForward and IrpForwarded. Yields. */
NTSTATUS forward_irp(PDEVICE_OBJECT device, PIRP irp, const void* pc);
/* What IoCompleteRequest does. Emits IrpComplete first, IrpCompleted at the end. Yields. */
void complete_irp(PIRP irp, const void* pc);
/* Sets the status and completes. */
NTSTATUS finish_irp(PIRP irp, NTSTATUS status, ULONG_PTR information);
/* Exchanges the cancel routine. Emits IrpSetCancel. No scheduling point. */
PDRIVER_CANCEL set_cancel_routine(PIRP irp, PDRIVER_CANCEL routine, const void* pc);
/* Sets SL_PENDING_RETURNED. Emits IrpMarkPending. No scheduling point. */
void mark_irp_pending(PIRP irp, const void* pc);
/* IoCancelIrp without its outer scheduling points. `record` may be null. Emits IrpCancel. Yields. */
bool cancel_irp(PIRP irp, IrpRecord* record, const void* pc);
/* The cancel routine of cancel-safe queues: kernel code, not the driver's. */
void NTAPI csq_cancel_routine(PDEVICE_OBJECT device, PIRP irp);

/* The cancel spin lock, IRQL in and out as the DDIs. Yields. */
KIRQL acquire_cancel_lock(const void* pc);
void release_cancel_lock(KIRQL irql, const void* pc);

/* Calls a cancel routine the way IoCancelIrp does: the cancel lock is held, the routine releases it. Yields. */
void call_cancel_routine(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp);

inline PIO_STACK_LOCATION current_location(PIRP irp) {
  return irp->Tail.Overlay.CurrentStackLocation;
}
inline PIO_STACK_LOCATION next_location(PIRP irp) {
  return irp->Tail.Overlay.CurrentStackLocation - 1;
}

}  // namespace nt

#endif
