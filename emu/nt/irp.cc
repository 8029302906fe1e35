/* IRPs: allocation, bookkeeping, passing down. Completion is in complete.cc, cancellation in cancel.cc. */
#include "emu/nt/irp.h"

#include "emu/nt/device.h"
#include "emu/nt/mdl.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/thread.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

constexpr unsigned kBuckets = 256;
constexpr unsigned kIrpTag = 0x20707249; /* 'Irp ' */
constexpr unsigned kHeaderBytes = 16;    /* keeps the IRP's address apart from its block's: they are two objects */

IrpRecord* buckets[kBuckets];
IrpRecord* records;
IrpRecord** records_end = &records;

unsigned bucket_of(PIRP irp) {
  return (unsigned)((ULONG_PTR)irp >> 4) % kBuckets;
}

void add_record(IrpRecord* record) {
  IrpRecord*& bucket = buckets[bucket_of(record->irp)];
  record->same_hash = bucket;
  bucket = record;
  *records_end = record;
  records_end = &record->newer;
}

void free_block(IrpRecord* record, const void* pc) {
  mach_pool_free(record->block, record->pool_leaks ? kIrpTag : 0, pc);
  record->block = nullptr;
}

}  // namespace

void reset_irp() {
  __builtin_memset(buckets, 0, sizeof buckets);
  records = nullptr;
  records_end = &records;
}

static void initialize(PIRP irp, USHORT size, CCHAR stack_size) {
  __builtin_memset(irp, 0, size);
  irp->Type = IO_TYPE_IRP;
  irp->Size = size;
  irp->StackCount = stack_size;
  irp->CurrentLocation = (CHAR)(stack_size + 1);
  irp->ThreadListEntry.Flink = irp->ThreadListEntry.Blink = &irp->ThreadListEntry;
  irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
}

IrpRecord* irp_allocate(CCHAR stack_size, bool by_driver, const void* pc) {
  const USHORT size = IoSizeOfIrp(stack_size);
  void* block = mach_pool_alloc(kHeaderBytes + size, kIrpTag, by_driver ? 0 : MACH_POOL_KERNEL, pc);
  if (!block) return nullptr;
  auto* record = (IrpRecord*)mach_pool_alloc(sizeof(IrpRecord), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  record->block = block;
  record->irp = (PIRP)((char*)block + kHeaderBytes);
  record->pool_leaks = by_driver;
  record->origin = by_driver ? IrpOrigin::allocated : IrpOrigin::request;
  initialize(record->irp, size, stack_size);
  mach_object_gone(record->irp);
  record->object = mach_object(OBJECT_Irp, record->irp);
  add_record(record);
  return record;
}

IrpRecord* irp_find(PIRP irp) {
  for (IrpRecord* record = buckets[bucket_of(irp)]; record; record = record->same_hash)
    if (record->irp == irp) return record;
  return nullptr;
}

IrpRecord* irp_of_operation(m_u32 op) {
  for (IrpRecord* record = records; record; record = record->newer)
    if (record->op == op && !record->gone) return record;
  return nullptr;
}

IrpRecord* irp_first() {
  return records;
}

m_u32 irp_object(PIRP irp) {
  if (const IrpRecord* record = irp_find(irp)) return record->object;
  return mach_object(OBJECT_Irp, irp);
}

void irp_release(IrpRecord* record, const void* pc) {
  if (record->gone) mach_emu_bug("an IRP is released twice");
  record->gone = true;
  for (void*& buffer : record->kernel_buffer) {
    if (buffer) mach_pool_free(buffer, 0, nullptr);
    buffer = nullptr;
  }
  if (record->guards == 0) free_block(record, pc);
  if (record->waiter) mach_wake(record->waiter - 1, 0);
}

void irp_guard(IrpRecord* record) {
  ++record->guards;
}

void irp_unguard(IrpRecord* record) {
  if (--record->guards == 0 && record->gone && record->block) free_block(record, nullptr);
}

void irp_wait_until_done(IrpRecord* record) {
  while (!record->gone) {
    record->waiter = mach_thread() + 1;
    mach_block(0, record->irp, nullptr);
  }
}

/* wdm::DispatchCall */
static m_u64 dispatch_call(PDEVICE_OBJECT device, const IO_STACK_LOCATION& location) {
  m_u64 call = location.MajorFunction | (m_u64)location.MinorFunction << 8 | (m_u64)device_object(device) << 32;
  const bool names_power =
      location.MinorFunction == IRP_MN_SET_POWER || location.MinorFunction == IRP_MN_QUERY_POWER;
  if (location.MajorFunction == IRP_MJ_POWER && names_power) {
    const auto& power = location.Parameters.Power;
    const m_u8 of_device = power.Type == DevicePowerState ? 0x80 : 0;
    call |= (m_u64)(of_device | (m_u8)power.State.SystemState) << 16;
  }
  return call;
}

static NTSTATUS dispatch(PDEVICE_OBJECT device, PIRP irp, const IO_STACK_LOCATION& location) {
  const PDRIVER_DISPATCH routine = device->DriverObject->MajorFunction[location.MajorFunction];
  if (is_kernel_dispatch(routine)) return routine(device, irp);
  const m_u32 object = irp_object(irp);
  mach_enter(CALLBACK_Dispatch, (const void*)routine, object, dispatch_call(device, location));
  const NTSTATUS status = routine(device, irp);
  mach_leave(CALLBACK_Dispatch, object, (m_u32)status);
  return status;
}

NTSTATUS call_driver(PDEVICE_OBJECT device, PIRP irp, const void* pc) {
  if (--irp->CurrentLocation <= 0) mach_bug_check(0x35, (ULONG_PTR)irp, 0, 0, 0, pc); /* NO_MORE_IRP_STACK_LOCATIONS */
  PIO_STACK_LOCATION location = --irp->Tail.Overlay.CurrentStackLocation;
  location->DeviceObject = device;
  return dispatch(device, irp, *location);
}

NTSTATUS forward_irp(PDEVICE_OBJECT device, PIRP irp, const void* pc) {
  const m_u32 object = irp_object(irp), receiver = device_object(device);
  const IrpRecord* record = irp_find(irp);
  m_u64 call = 0; /* wdm::ForwardCall; of an IRP that is gone nothing is known */
  if (!(record && record->gone) && irp->CurrentLocation > 1) {
    const IO_STACK_LOCATION* next = next_location(irp);
    call = next->MajorFunction | (m_u64)next->MinorFunction << 8 | (m_u64)(next->CompletionRoutine != nullptr) << 16 |
           (m_u64)(irp->CancelRoutine != nullptr) << 17;
  }
  mach_event(EVENT_IrpForward, object, call, receiver, pc);
  const NTSTATUS status = call_driver(device, irp, pc);
  mach_event(EVENT_IrpForwarded, object, (m_u32)status, receiver, pc);
  return status;
}

NTSTATUS finish_irp(PIRP irp, NTSTATUS status, ULONG_PTR information) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  complete_irp(irp, nullptr);
  return status;
}

void mark_irp_pending(PIRP irp, const void* pc) {
  mach_event(EVENT_IrpMarkPending, irp_object(irp), 0, 0, pc);
  current_location(irp)->Control |= SL_PENDING_RETURNED;
}

/* --- IRPs that a driver builds ------------------------------------------------------------------------------------ */

namespace {

struct Build {
  ULONG major;
  PDEVICE_OBJECT device;
  PVOID buffer;
  ULONG length;
  PLARGE_INTEGER offset;
};

void* system_buffer(PIRP irp, ULONG length, ULONG flags, const void* pc) {
  void* buffer = mach_pool_alloc(length, 0x20206f49, MACH_POOL_KERNEL, pc); /* 'Io  ' */
  irp->AssociatedIrp.SystemBuffer = buffer;
  irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | flags;
  return buffer;
}

bool attach_buffer(PIRP irp, const Build& build, const void* pc) {
  const bool reads = build.major == IRP_MJ_READ;
  if (build.device->Flags & DO_BUFFERED_IO) {
    void* buffer = system_buffer(irp, build.length, reads ? IRP_INPUT_OPERATION : 0, pc);
    if (!reads) __builtin_memcpy(buffer, build.buffer, build.length);
    irp->UserBuffer = build.buffer;
  } else if (build.device->Flags & DO_DIRECT_IO) {
    PMDL mdl = mdl_allocate(build.buffer, build.length, pc, false);
    if (!mdl) return false;
    irp->MdlAddress = mdl;
    mdl_probe_and_lock(mdl, KernelMode, reads ? IoWriteAccess : IoReadAccess);
  } else {
    irp->UserBuffer = build.buffer;
  }
  return true;
}

void set_transfer(PIO_STACK_LOCATION location, const Build& build) {
  const LONGLONG offset = build.offset ? build.offset->QuadPart : 0;
  if (build.major == IRP_MJ_READ) {
    location->Parameters.Read.Length = build.length;
    location->Parameters.Read.ByteOffset.QuadPart = offset;
  } else {
    location->Parameters.Write.Length = build.length;
    location->Parameters.Write.ByteOffset.QuadPart = offset;
  }
}

bool on_stack(const void* address) {
  m_u64 low, high;
  mach_stack_limits(&low, &high);
  return (m_u64)address >= low && (m_u64)address < high;
}

IrpRecord* build_fsd_request(const Build& build, PKEVENT event, PIO_STATUS_BLOCK iosb, const void* pc) {
  IrpRecord* record = irp_allocate(build.device->StackSize, true, pc);
  if (!record) return nullptr;
  PIRP irp = record->irp;
  PIO_STACK_LOCATION location = next_location(irp);
  location->MajorFunction = (UCHAR)build.major;
  irp->UserIosb = iosb;
  irp->Tail.Overlay.Thread = (PETHREAD)current_thread();
  if (build.major == IRP_MJ_READ || build.major == IRP_MJ_WRITE) {
    set_transfer(location, build);
    if (build.length && !attach_buffer(irp, build, pc)) {
      irp_release(record, pc);
      return nullptr;
    }
  }
  const m_u32 signals = event ? dispatcher_object(&event->Header) : 0;
  mach_event(EVENT_IrpCreate, record->object, build.major | (on_stack(event) ? kEventOnStack : 0), signals, pc);
  return record;
}

/* An IRP that goes away by itself at completion is the kernel's, not a leak of the driver's. */
PIRP make_threaded(IrpRecord* record, PKEVENT event) {
  if (!record) return nullptr;
  record->origin = IrpOrigin::threaded;
  record->irp->UserEvent = event;
  return record->irp;
}

void set_ioctl_buffers(PIRP irp, PIO_STACK_LOCATION location, PVOID in, PVOID out, const void* pc) {
  const auto& p = location->Parameters.DeviceIoControl;
  const ULONG in_size = p.InputBufferLength, out_size = p.OutputBufferLength;
  switch (METHOD_FROM_CTL_CODE(p.IoControlCode)) {
    case METHOD_BUFFERED:
      if (in_size || out_size) {
        void* buffer = system_buffer(irp, in_size > out_size ? in_size : out_size, out ? IRP_INPUT_OPERATION : 0, pc);
        if (in_size) __builtin_memcpy(buffer, in, in_size);
        irp->UserBuffer = out;
      }
      break;
    case METHOD_NEITHER:
      irp->UserBuffer = out;
      location->Parameters.DeviceIoControl.Type3InputBuffer = in;
      break;
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
      if (in) __builtin_memcpy(system_buffer(irp, in_size, 0, pc), in, in_size);
      if (out && out_size) {
        irp->MdlAddress = mdl_allocate(out, out_size, nullptr, true);
        mdl_probe_and_lock(irp->MdlAddress, KernelMode,
                           METHOD_FROM_CTL_CODE(p.IoControlCode) == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
      }
      break;
  }
}

void set_completion(PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context, bool success, bool error, bool cancel) {
  PIO_STACK_LOCATION location = next_location(irp);
  location->CompletionRoutine = routine;
  location->Context = context;
  location->Control = (UCHAR)((success ? SL_INVOKE_ON_SUCCESS : 0) | (error ? SL_INVOKE_ON_ERROR : 0) |
                              (cancel ? SL_INVOKE_ON_CANCEL : 0));
}

void copy_location_to_next(PIRP irp) {
  PIO_STACK_LOCATION next = next_location(irp);
  __builtin_memcpy(next, current_location(irp), FIELD_OFFSET(IO_STACK_LOCATION, CompletionRoutine));
  next->Control = 0;
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN) {
  DDI_ENTER(IoAllocateIrp, nullptr);
  nt::IrpRecord* record = nt::irp_allocate(StackSize, true, ddi.pc());
  if (!record) return nullptr;
  mach_event(EVENT_IrpCreate, record->object, 0, 0, ddi.pc());
  return record->irp;
}

NTKERNELAPI VOID NTAPI IoFreeIrp(PIRP Irp) {
  DDI_ENTER(IoFreeIrp, Irp);
  nt::IrpRecord* record = nt::irp_find(Irp);
  /* Reading Type of an IRP that is gone is left to AddressSanitizer. A request of the I/O manager's is not the driver's
   * to free, nor is one in memory of its own. */
  if (Irp->Type != IO_TYPE_IRP || !record || record->gone || record->origin == nt::IrpOrigin::request)
    mach_bug_check(0x44, (ULONG_PTR)Irp, 0, 0, 0, ddi.pc());
  nt::irp_release(record, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize) {
  DDI_ENTER(IoInitializeIrp, Irp);
  nt::initialize(Irp, PacketSize, StackSize);
  mach_event(EVENT_IrpCreate, nt::irp_object(Irp), 0, 0, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Status) {
  DDI_ENTER(IoReuseIrp, Irp);
  const UCHAR flags = Irp->AllocationFlags;
  nt::initialize(Irp, Irp->Size, Irp->StackCount);
  Irp->AllocationFlags = flags;
  Irp->IoStatus.Status = Status;
  mach_event(EVENT_IrpCreate, nt::irp_object(Irp), 0, 0, ddi.pc());
}

NTKERNELAPI PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                                     PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer,
                                                     ULONG OutputBufferLength, BOOLEAN InternalDeviceIoControl,
                                                     PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock) {
  DDI_ENTER(IoBuildDeviceIoControlRequest, DeviceObject);
  const ULONG major = InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
  nt::IrpRecord* record = nt::build_fsd_request({major, DeviceObject, nullptr, 0, nullptr}, Event, IoStatusBlock, ddi.pc());
  PIRP irp = nt::make_threaded(record, Event);
  if (!irp) return nullptr;
  PIO_STACK_LOCATION location = nt::next_location(irp);
  location->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
  location->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
  location->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
  nt::set_ioctl_buffers(irp, location, InputBuffer, OutputBuffer, ddi.pc());
  return irp;
}

NTKERNELAPI PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                                    ULONG Length, PLARGE_INTEGER StartingOffset, PKEVENT Event,
                                                    PIO_STATUS_BLOCK IoStatusBlock) {
  DDI_ENTER(IoBuildSynchronousFsdRequest, DeviceObject);
  const nt::Build build{MajorFunction, DeviceObject, Buffer, Length, StartingOffset};
  return nt::make_threaded(nt::build_fsd_request(build, Event, IoStatusBlock, ddi.pc()), Event);
}

NTKERNELAPI PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                                     ULONG Length, PLARGE_INTEGER StartingOffset,
                                                     PIO_STATUS_BLOCK IoStatusBlock) {
  DDI_ENTER(IoBuildAsynchronousFsdRequest, DeviceObject);
  const nt::Build build{MajorFunction, DeviceObject, Buffer, Length, StartingOffset};
  return nt::make_threaded(nt::build_fsd_request(build, nullptr, IoStatusBlock, ddi.pc()), nullptr);
}

NTKERNELAPI NTSTATUS FASTCALL IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  DDI_ENTER(IofCallDriver, Irp);
  return nt::forward_irp(DeviceObject, Irp, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  DDI_ENTER(PoCallDriver, Irp);
  return nt::forward_irp(DeviceObject, Irp, ddi.pc());
}

/* Since Windows Vista power IRPs need no such call; it does nothing. */
NTKERNELAPI VOID NTAPI PoStartNextPowerIrp(PIRP Irp) {
  DDI_ENTER(PoStartNextPowerIrp, Irp);
}

NTKERNELAPI VOID NTAPI IoMarkIrpPending(PIRP Irp) {
  DDI_ENTER(IoMarkIrpPending, Irp);
  nt::mark_irp_pending(Irp, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoSetCompletionRoutine(PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                              BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError, BOOLEAN InvokeOnCancel) {
  DDI_ENTER(IoSetCompletionRoutine, Irp);
  nt::set_completion(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
  mach_event(EVENT_IrpSetCompletion, nt::irp_object(Irp), CompletionRoutine ? kCompletionSet : 0, 0, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoSkipCurrentIrpStackLocation(PIRP Irp) {
  DDI_ENTER(IoSkipCurrentIrpStackLocation, Irp);
  ++Irp->CurrentLocation;
  ++Irp->Tail.Overlay.CurrentStackLocation;
}

NTKERNELAPI VOID NTAPI IoSetNextIrpStackLocation(PIRP Irp) {
  DDI_ENTER(IoSetNextIrpStackLocation, Irp);
  --Irp->CurrentLocation;
  --Irp->Tail.Overlay.CurrentStackLocation;
}

NTKERNELAPI VOID NTAPI IoCopyCurrentIrpStackLocationToNext(PIRP Irp) {
  DDI_ENTER(IoCopyCurrentIrpStackLocationToNext, Irp);
  nt::copy_location_to_next(Irp);
}

NTKERNELAPI NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine,
                                                    PVOID Context, BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                                    BOOLEAN InvokeOnCancel) {
  DDI_ENTER(IoSetCompletionRoutineEx, Irp);
  const bool received = Irp->CurrentLocation <= Irp->StackCount;
  const PDEVICE_OBJECT own = received ? nt::current_location(Irp)->DeviceObject : nullptr;
  const bool foreign = own && own->DriverObject != DeviceObject->DriverObject;
  const m_u64 how = kCompletionEx | (CompletionRoutine ? kCompletionSet : 0) | (foreign ? kCompletionForeign : 0);
  const bool fails = nt::out_of_resources();
  if (!fails) nt::set_completion(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
  mach_event(EVENT_IrpSetCompletion, nt::irp_object(Irp), how | (fails ? kCompletionFailed : 0), 0, ddi.pc());
  return fails ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

/* The emulated processes are all 64-bit. */
NTKERNELAPI BOOLEAN IoIs32bitProcess(PIRP) {
  return FALSE;
}

NTKERNELAPI PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp) {
  DDI_ENTER(IoGetRequestorProcess, Irp);
  const auto* thread = (const nt::Thread*)Irp->Tail.Overlay.Thread;
  return thread ? (PEPROCESS)thread->process : nullptr;
}

static NTSTATUS NTAPI wake_on_completion(PDEVICE_OBJECT, PIRP irp, PVOID context) {
  mach_event(EVENT_IrpCaught, nt::irp_object(irp), 0, 0, nullptr);
  m_u32* state = (m_u32*)context;
  const m_u32 waiter = *state;
  *state = ~0u;
  if (waiter) mach_wake(waiter - 1, 0);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

NTKERNELAPI BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  DDI_ENTER(IoForwardIrpSynchronously, Irp);
  if (Irp->CurrentLocation <= 1) return FALSE;
  m_u32 state = 0;
  nt::copy_location_to_next(Irp);
  nt::set_completion(Irp, wake_on_completion, &state, true, true, true);
  nt::forward_irp(DeviceObject, Irp, ddi.pc());
  while (state != ~0u) {
    state = mach_thread() + 1;
    mach_block(0, Irp, ddi.pc());
  }
  return TRUE;
}

}  // extern "C"
