/* Interrupt objects. The lines behind them are the machine's: an operation of the scenario asserts one, the schedule says
 * which processor takes it and when. Each line has up to kMaxShared service routines, called in order of connection until
 * one says that the interrupt was its device's.
 *
 * Not modelled: passive-level interrupts, message-signalled ones (a driver that asks for them gets its fall-back), an edge
 * that another device on a shared line raises while a service routine runs. */
#include "emu/nt/hardware.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/pnp.h"

/* Opaque to drivers. */
struct _KINTERRUPT {
  PKSERVICE_ROUTINE routine;
  PVOID context;
  PKSPIN_LOCK lock; /* the driver's, or `own_lock` */
  KSPIN_LOCK own_lock;
  KIRQL synchronize_irql;
  m_u32 line; /* kNoLine: there are more vectors than lines, and this one stays silent */
  m_u32 users; /* processors that serve it, or want to */
  bool gone;   /* disconnected: no service routine begins any more */
  m_u32 waiter; /* thread that disconnects it and waits for the users, plus 1, or 0 */
};

namespace nt {
namespace {

constexpr m_u32 kMaxShared = 4;
constexpr m_u32 kPoolTag = 0x746e4920; /* " Int" */

struct Line {
  PKINTERRUPT connected[kMaxShared];
  KIRQL irql;
  KAFFINITY processors;
};

Line lines[MACH_INTERRUPT_LINES];

struct Connection {
  PKSERVICE_ROUTINE routine;
  PVOID context;
  PKSPIN_LOCK lock;
  ULONG vector;
  KIRQL irql, synchronize_irql;
  KAFFINITY processors;
};

bool is_empty(const Line& line) {
  for (PKINTERRUPT interrupt : line.connected)
    if (interrupt) return false;
  return true;
}

NTSTATUS connect(const Connection& wanted, PKINTERRUPT* interrupt_object, const void* pc) {
  *interrupt_object = nullptr;
  const KAFFINITY active = ((KAFFINITY)1 << mach_cpu_count()) - 1;
  if (!wanted.routine || wanted.synchronize_irql < wanted.irql || !(wanted.processors & active))
    return STATUS_INVALID_PARAMETER;
  if (wanted.irql <= DISPATCH_LEVEL) mach_not_emulated("IoConnectInterrupt of a passive-level interrupt");
  const m_u32 number = line_of_vector(wanted.vector);
  PKINTERRUPT* slot = nullptr;
  if (number != kNoLine) {
    Line& line = lines[number];
    for (PKINTERRUPT& free : line.connected)
      if (!free && !slot) slot = &free;
    if (!slot) return STATUS_INSUFFICIENT_RESOURCES;
    if (!is_empty(line) && line.irql != wanted.irql) return STATUS_INVALID_PARAMETER;
  }
  auto* interrupt =
      (PKINTERRUPT)mach_pool_alloc(sizeof(_KINTERRUPT), kPoolTag, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  interrupt->routine = wanted.routine;
  interrupt->context = wanted.context;
  interrupt->lock = wanted.lock ? wanted.lock : &interrupt->own_lock;
  interrupt->synchronize_irql = wanted.synchronize_irql;
  interrupt->line = number;
  if (!wanted.lock) mach_lock_init(interrupt->lock, MACH_LOCK_INTERRUPT, pc);
  *interrupt_object = interrupt; /* before the first interrupt can come */
  if (!slot) return STATUS_SUCCESS;
  Line& line = lines[number];
  line.irql = wanted.irql;
  line.processors |= wanted.processors;
  *slot = interrupt;
  mach_interrupt_connect(number, &line, line.irql, line.processors);
  return STATUS_SUCCESS;
}

/* Waits for service routines that run, and for processors on their way to one: the driver may free its lock afterwards. */
void disconnect(PKINTERRUPT interrupt, const void* pc) {
  const KIRQL old = mach_raise_irql(interrupt->synchronize_irql, pc);
  mach_lock_acquire(interrupt->lock, MACH_LOCK_INTERNAL, old, pc);
  if (interrupt->line != kNoLine) {
    Line& line = lines[interrupt->line];
    for (PKINTERRUPT& connected : line.connected)
      if (connected == interrupt) connected = nullptr;
    if (is_empty(line)) {
      line.processors = 0;
      mach_interrupt_connect(interrupt->line, nullptr, 0, 0);
    }
  }
  interrupt->gone = true;
  mach_lock_release(interrupt->lock, MACH_LOCK_INTERNAL, old, pc);
  mach_lower_irql(old, pc);
  while (interrupt->users) {
    interrupt->waiter = mach_thread() + 1;
    mach_block(0, nullptr, pc);
  }
  mach_pool_free(interrupt, 0, nullptr);
}

KIRQL acquire(PKINTERRUPT interrupt, const char* what, const void* pc) {
  if (mach_irql() > interrupt->synchronize_irql) mach_irql_violation(what, 0, pc);
  const KIRQL old = mach_raise_irql(interrupt->synchronize_irql, pc);
  mach_lock_acquire(interrupt->lock, MACH_LOCK_INTERRUPT, old, pc);
  return old;
}

void release(PKINTERRUPT interrupt, KIRQL irql, const void* pc) {
  mach_lock_release(interrupt->lock, MACH_LOCK_INTERRUPT, irql, pc);
  mach_lower_irql(irql, pc);
}

/* The service routine runs at SynchronizeIrql under the interrupt's lock. Afterwards the object may be gone. */
bool serve(PKINTERRUPT interrupt) {
  const KIRQL irql = mach_irql();
  const bool raises = interrupt->synchronize_irql > irql;
  constexpr m_u32 kind = MACH_LOCK_INTERRUPT | MACH_LOCK_AT_DPC;
  ++interrupt->users;
  if (raises) mach_raise_irql(interrupt->synchronize_irql, nullptr);
  mach_lock_acquire(interrupt->lock, kind, mach_irql(), nullptr);
  BOOLEAN ours = FALSE;
  if (!interrupt->gone) {
    const m_u32 object = mach_object(OBJECT_Interrupt, interrupt);
    mach_enter(CALLBACK_Isr, (const void*)interrupt->routine, object, 0);
    ours = interrupt->routine(interrupt, interrupt->context);
    mach_leave(CALLBACK_Isr, object, ours);
  }
  mach_lock_release(interrupt->lock, kind, mach_irql(), nullptr);
  if (--interrupt->users == 0 && interrupt->waiter) mach_wake(interrupt->waiter - 1, 0);
  if (raises) mach_lower_irql(irql, nullptr);
  return ours;
}

NTSTATUS connect_line_based(const IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS& wanted, PKSERVICE_ROUTINE routine,
                            const void* pc) {
  Vector vector;
  if (!is_pdo(wanted.PhysicalDeviceObject)) return STATUS_INVALID_PARAMETER;
  if (!assigned_vector(&vector)) return STATUS_NOT_FOUND;
  const KIRQL synchronize = wanted.SynchronizeIrql > vector.irql ? wanted.SynchronizeIrql : vector.irql;
  return connect({routine, wanted.ServiceContext, wanted.SpinLock, vector.number, vector.irql, synchronize, ~(KAFFINITY)0},
                 wanted.InterruptObject, pc);
}

/* The devices here have no message-signalled interrupts, so it is the fall-back that is connected, to the line. */
NTSTATUS connect_message_based(PIO_CONNECT_INTERRUPT_PARAMETERS parameters, const void* pc) {
  const auto& wanted = parameters->MessageBased;
  if (!wanted.FallBackServiceRoutine) return STATUS_NOT_FOUND;
  const IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS line = {
      wanted.PhysicalDeviceObject, wanted.ConnectionContext.InterruptObject, wanted.FallBackServiceRoutine,
      wanted.ServiceContext, wanted.SpinLock, wanted.SynchronizeIrql, wanted.FloatingSave};
  const NTSTATUS status = connect_line_based(line, wanted.FallBackServiceRoutine, pc);
  if (NT_SUCCESS(status)) parameters->Version = CONNECT_LINE_BASED;
  return status;
}

}  // namespace

void reset_interrupt() {
  for (Line& line : lines) line = {};
}

bool interrupts_connected() {
  for (const Line& line : lines)
    if (!is_empty(line)) return true;
  return false;
}

}  // namespace nt

extern "C" {

void nt_run_isr(void* handler) {
  auto* line = (nt::Line*)handler;
  for (m_u32 i = 0; i < nt::kMaxShared; ++i)
    if (line->connected[i] && nt::serve(line->connected[i])) return;
}

NTKERNELAPI NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT* InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                              PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql,
                                              KIRQL SynchronizeIrql, KINTERRUPT_MODE, BOOLEAN,
                                              KAFFINITY ProcessorEnableMask, BOOLEAN) {
  DDI_ENTER(IoConnectInterrupt, nullptr);
  return nt::connect({ServiceRoutine, ServiceContext, SpinLock, Vector, Irql, SynchronizeIrql, ProcessorEnableMask},
                     InterruptObject, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters) {
  DDI_ENTER(IoConnectInterruptEx, nullptr);
  const auto& full = Parameters->FullySpecified;
  switch (Parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
    case CONNECT_FULLY_SPECIFIED_GROUP:
      return nt::connect({full.ServiceRoutine, full.ServiceContext, full.SpinLock, full.Vector, full.Irql,
                          full.SynchronizeIrql, full.ProcessorEnableMask},
                         full.InterruptObject, ddi.pc());
    case CONNECT_LINE_BASED:
      return nt::connect_line_based(Parameters->LineBased, Parameters->LineBased.ServiceRoutine, ddi.pc());
    case CONNECT_MESSAGE_BASED:
      return nt::connect_message_based(Parameters, ddi.pc());
    default:
      Parameters->Version = CONNECT_FULLY_SPECIFIED_GROUP; /* the highest one that is supported */
      return STATUS_NOT_SUPPORTED;
  }
}

NTKERNELAPI VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject) {
  DDI_ENTER(IoDisconnectInterrupt, InterruptObject);
  nt::disconnect(InterruptObject, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters) {
  DDI_ENTER(IoDisconnectInterruptEx, Parameters->ConnectionContext.InterruptObject);
  nt::disconnect(Parameters->ConnectionContext.InterruptObject, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                                 PVOID SynchronizeContext) {
  DDI_ENTER(KeSynchronizeExecution, Interrupt);
  const KIRQL old = nt::acquire(Interrupt, "KeSynchronizeExecution above the interrupt's IRQL", ddi.pc());
  mach_enter(CALLBACK_Other, (const void*)SynchronizeRoutine, 0, 0);
  const BOOLEAN result = SynchronizeRoutine(SynchronizeContext);
  mach_leave(CALLBACK_Other, 0, result);
  nt::release(Interrupt, old, ddi.pc());
  return result;
}

NTKERNELAPI KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt) {
  DDI_ENTER(KeAcquireInterruptSpinLock, Interrupt);
  return nt::acquire(Interrupt, "KeAcquireInterruptSpinLock above the interrupt's IRQL", ddi.pc());
}

NTKERNELAPI VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql) {
  DDI_ENTER(KeReleaseInterruptSpinLock, Interrupt);
  nt::release(Interrupt, OldIrql, ddi.pc());
}

}  // extern "C"
