/* What user mode asks for: system calls turned into IRPs the way the I/O manager does it. */
#include "emu/nt/device.h"
#include "emu/nt/file.h"
#include "emu/nt/handle.h"
#include "emu/nt/irp.h"
#include "emu/nt/mdl.h"
#include "emu/nt/pnp.h"
#include "emu/nt/thread.h"
#include "emu/nt/usb_client.h"

namespace nt {
namespace {

/* The process ends: its threads begin nothing new, since nobody would cancel it. */
bool process_ends;

/* Where a request points when the scenario asks for bad pointers. */
PVOID const kUnmappedUserAddress = (PVOID)0x10000;
PVOID const kKernelAddress = (PVOID)0xffff800000001000;
enum BadPointers : m_u8 { good, null, unmapped, kernel };

/* One system call on its way to becoming an IRP. */
struct Call {
  const Request* request;
  PDEVICE_OBJECT device;
  File* file;  /* null: a kernel-mode client above a PnP device */
  bool kernel; /* a kernel-mode client; with a file, one that opened the device */
  IrpRecord* record;
  PIRP irp;
  PIO_STACK_LOCATION location;
};

PVOID bad_pointer(m_u8 pointers) {
  switch ((BadPointers)pointers) {
    case good:
      break;
    case null:
      return nullptr;
    case unmapped:
      return kUnmappedUserAddress;
    case kernel:
      return kKernelAddress;
  }
  return nullptr;
}

/* The caller's buffer: user memory, or pool that goes with the IRP for a kernel-mode client. */
PVOID caller_buffer(Call& call, unsigned slot, const m_u8* data, ULONG size) {
  if (!call.kernel && call.request->user_pointers != good) return bad_pointer(call.request->user_pointers);
  if (size == 0) return nullptr;
  PVOID buffer = !call.kernel
                     ? mach_user_alloc(size)
                     : (call.record->kernel_buffer[slot] = mach_pool_alloc(size, 0, MACH_POOL_KERNEL, nullptr));
  void* writable = kernel_alias(buffer);
  if (data)
    __builtin_memcpy(writable, data, size);
  else
    __builtin_memset(writable, 0, size);
  return buffer;
}

PVOID input(Call& call) {
  return caller_buffer(call, 0, call.request->in, call.request->in_size);
}
PVOID output(Call& call) {
  return caller_buffer(call, 1, nullptr, call.request->out_size);
}

/* Does the I/O manager's own probe let the caller's pointers pass? */
bool probes(const Call& call, ULONG size) {
  return call.kernel || call.request->user_pointers == good || size == 0;
}

void use_system_buffer(Call& call, ULONG size, ULONG flags) {
  void* buffer = mach_pool_alloc(size, 0x20206f49, MACH_POOL_KERNEL, nullptr);
  /* On Windows the rest holds what was there before; here always the same. */
  __builtin_memset(buffer, 0xbe, size);
  if (call.request->in_size)
    __builtin_memcpy(buffer, call.request->in, call.request->in_size < size ? call.request->in_size : size);
  call.irp->AssociatedIrp.SystemBuffer = buffer;
  call.irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | flags;
}

void use_mdl(Call& call, PVOID buffer, ULONG size, LOCK_OPERATION operation) {
  call.irp->MdlAddress = mdl_allocate(buffer, size, nullptr, true);
  mdl_probe_and_lock(call.irp->MdlAddress, call.irp->RequestorMode, operation);
}

/* What the function driver of a USB device sends to the device below it. */
NTSTATUS prepare_usb_control(Call& call) {
  const Request& r = *call.request;
  call.location->Parameters.DeviceIoControl.IoControlCode = r.code;
  call.location->Parameters.Others.Argument1 = call.record->kernel_buffer[0] =
      usb_make_argument(r.code, r.in, r.in_size, r.out_size, &call.record->kernel_buffer[1]);
  return STATUS_SUCCESS;
}

NTSTATUS prepare_device_control(Call& call) {
  const Request& r = *call.request;
  if (r.major == IRP_MJ_INTERNAL_DEVICE_CONTROL && call.kernel && usb_is_internal_control(r.code))
    return prepare_usb_control(call);
  auto& p = call.location->Parameters.DeviceIoControl;
  p.IoControlCode = r.code;
  p.InputBufferLength = r.in_size;
  p.OutputBufferLength = r.out_size;
  const ULONG method = METHOD_FROM_CTL_CODE(r.code);
  if (method == METHOD_NEITHER) {
    p.Type3InputBuffer = input(call);
    call.irp->UserBuffer = output(call);
    return STATUS_SUCCESS;
  }
  if (!probes(call, r.in_size) || !probes(call, r.out_size)) return STATUS_ACCESS_VIOLATION;
  PVOID out = output(call);
  if (method == METHOD_BUFFERED) {
    const ULONG size = r.in_size > r.out_size ? r.in_size : r.out_size;
    if (size) use_system_buffer(call, size, r.out_size ? IRP_INPUT_OPERATION : 0);
    call.irp->UserBuffer = out;
    return STATUS_SUCCESS;
  }
  if (r.in_size) use_system_buffer(call, r.in_size, 0);
  if (r.out_size) use_mdl(call, out, r.out_size, method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
  return STATUS_SUCCESS;
}

NTSTATUS prepare_read(Call& call) {
  const Request& r = *call.request;
  call.location->Parameters.Read.Length = r.out_size;
  call.location->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)r.offset;
  call.irp->Flags |= IRP_READ_OPERATION;
  if (!probes(call, r.out_size)) return STATUS_ACCESS_VIOLATION;
  const ULONG flags = top_of_stack(call.device)->Flags;
  PVOID out = output(call);
  if (flags & DO_BUFFERED_IO) {
    if (r.out_size) use_system_buffer(call, r.out_size, IRP_INPUT_OPERATION);
    call.irp->UserBuffer = out;
  } else if (flags & DO_DIRECT_IO) {
    if (r.out_size) use_mdl(call, out, r.out_size, IoWriteAccess);
  } else {
    call.irp->UserBuffer = out;
  }
  return STATUS_SUCCESS;
}

NTSTATUS prepare_write(Call& call) {
  const Request& r = *call.request;
  call.location->Parameters.Write.Length = r.in_size;
  call.location->Parameters.Write.ByteOffset.QuadPart = (LONGLONG)r.offset;
  call.irp->Flags |= IRP_WRITE_OPERATION;
  if (!probes(call, r.in_size)) return STATUS_ACCESS_VIOLATION;
  const ULONG flags = top_of_stack(call.device)->Flags;
  if (flags & DO_BUFFERED_IO) {
    if (r.in_size) use_system_buffer(call, r.in_size, 0);
  } else if (flags & DO_DIRECT_IO) {
    if (r.in_size) use_mdl(call, input(call), r.in_size, IoReadAccess);
  } else {
    call.irp->UserBuffer = input(call);
  }
  return STATUS_SUCCESS;
}

/* What NtQueryInformationFile and NtSetInformationFile ask of a buffer before any driver sees it; 0: not a class that can be
 * asked for (or set). */
struct InformationClass {
  ULONG query_bytes, set_bytes;
};

InformationClass information_class(ULONG number) {
  switch (number) {
    case FileBasicInformation: return {sizeof(FILE_BASIC_INFORMATION), sizeof(FILE_BASIC_INFORMATION)};
    case FileStandardInformation: return {sizeof(FILE_STANDARD_INFORMATION), 0};
    case FileInternalInformation: return {8, 0};
    case FileEaInformation: return {4, 0};
    case FileAccessInformation: return {4, 0};
    case FileNameInformation: return {8, 0};
    case FileRenameInformation: return {0, 24};
    case FileLinkInformation: return {0, 24};
    case FileDispositionInformation: return {0, 1};
    case FilePositionInformation: return {sizeof(FILE_POSITION_INFORMATION), sizeof(FILE_POSITION_INFORMATION)};
    case FileModeInformation: return {4, 4};
    case FileAlignmentInformation: return {4, 0};
    case FileAllInformation: return {104, 0};
    case FileAllocationInformation: return {0, 8};
    case FileEndOfFileInformation: return {0, sizeof(FILE_END_OF_FILE_INFORMATION)};
    case FileNetworkOpenInformation: return {sizeof(FILE_NETWORK_OPEN_INFORMATION), 0};
    case FileAttributeTagInformation: return {8, 0};
    default: return {0, 0};
  }
}

NTSTATUS prepare_query_information(Call& call) {
  const Request& r = *call.request;
  call.location->Parameters.QueryFile.Length = r.out_size;
  call.location->Parameters.QueryFile.FileInformationClass = (FILE_INFORMATION_CLASS)r.code;
  const ULONG needed = information_class(r.code).query_bytes;
  if (needed == 0) return STATUS_INVALID_INFO_CLASS;
  if (r.out_size < needed) return STATUS_INFO_LENGTH_MISMATCH;
  if (!probes(call, r.out_size)) return STATUS_ACCESS_VIOLATION;
  use_system_buffer(call, r.out_size, IRP_INPUT_OPERATION);
  call.irp->UserBuffer = output(call);
  return STATUS_SUCCESS;
}

NTSTATUS prepare_set_information(Call& call) {
  const Request& r = *call.request;
  call.location->Parameters.SetFile.Length = r.in_size;
  call.location->Parameters.SetFile.FileInformationClass = (FILE_INFORMATION_CLASS)r.code;
  call.location->Parameters.SetFile.FileObject = call.file ? call.file->object : nullptr;
  const ULONG needed = information_class(r.code).set_bytes;
  if (needed == 0) return STATUS_INVALID_INFO_CLASS;
  if (r.in_size < needed) return STATUS_INFO_LENGTH_MISMATCH;
  if (!probes(call, r.in_size)) return STATUS_ACCESS_VIOLATION;
  use_system_buffer(call, r.in_size, 0);
  return STATUS_SUCCESS;
}

NTSTATUS prepare(Call& call) {
  switch (call.request->major) {
    case IRP_MJ_READ:
      return prepare_read(call);
    case IRP_MJ_WRITE:
      return prepare_write(call);
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL:
      return prepare_device_control(call);
    case IRP_MJ_QUERY_INFORMATION:
      return prepare_query_information(call);
    case IRP_MJ_SET_INFORMATION:
      return prepare_set_information(call);
    case IRP_MJ_FLUSH_BUFFERS:
      return STATUS_SUCCESS;
    default:
      return STATUS_INVALID_PARAMETER;
  }
}

/* Undoes a request that the I/O manager itself turned down. */
void abandon(Call& call, NTSTATUS status) {
  if (call.irp->MdlAddress) mdl_free(call.irp->MdlAddress, nullptr);
  if (call.irp->AssociatedIrp.SystemBuffer) mach_pool_free(call.irp->AssociatedIrp.SystemBuffer, 0, nullptr);
  mach_event(EVENT_IrpCompleted, call.record->object, (m_u32)status, 0, nullptr);
  irp_release(call.record, nullptr);
  if (call.file) file_drop_call(call.file);
}

void user_status_block(Call& call) {
  if (!call.kernel) call.irp->UserIosb = (PIO_STATUS_BLOCK)mach_user_alloc(sizeof(IO_STATUS_BLOCK));
}

/* Takes over the call's reference on the file. */
NTSTATUS send(Call& call) {
  const Request& r = *call.request;
  if (process_ends) {
    if (call.file) file_drop_call(call.file);
    return STATUS_THREAD_IS_TERMINATING;
  }
  call.record = make_request(call.device, call.file, r.major, r.minor, r.op, call.kernel);
  if (call.file) --call.file->references;
  call.irp = call.record->irp;
  call.location = next_location(call.irp);
  if (call.kernel) call.location->FileObject = nullptr; /* as IoBuildDeviceIoControlRequest leaves it */
  const NTSTATUS status = prepare(call);
  if (!NT_SUCCESS(status)) {
    abandon(call, status);
    return status;
  }
  user_status_block(call);
  call.irp->Cancel = r.cancelled != 0;
  if (r.cancelled) mach_event(EVENT_IrpCancel, call.record->object, 0, 0, nullptr);
  /* From here on others can cancel it; the handle can be closed before the driver sees it. */
  mach_point(DDI_None, MACH_AFTER, call.irp, nullptr);
  return send_request(call.device, call.record);
}

/* --- fast I/O ----------------------------------------------------------------------------------------------------- */

PFAST_IO_DISPATCH fast_io_of(PDEVICE_OBJECT top, ULONG last_field) {
  PFAST_IO_DISPATCH fast = top->DriverObject->FastIoDispatch;
  return fast && fast->SizeOfFastIoDispatch > last_field ? fast : nullptr;
}

bool fast_device_control(Call& call, PDEVICE_OBJECT top, PFAST_IO_DISPATCH fast, NTSTATUS* status) {
  const Request& r = *call.request;
  PVOID in = input(call), out = output(call);
  IO_STATUS_BLOCK iosb{};
  const m_u32 object = device_object(top);
  mach_enter(CALLBACK_Other, (const void*)fast->FastIoDeviceControl, object, 0);
  const BOOLEAN done =
      fast->FastIoDeviceControl(call.file->object, TRUE, in, r.in_size, out, r.out_size, r.code, &iosb, top);
  mach_leave(CALLBACK_Other, object, (m_u32)iosb.Status);
  *status = iosb.Status;
  return done;
}

template <class Routine>
bool fast_transfer(Call& call, PDEVICE_OBJECT top, Routine routine, PVOID buffer, ULONG size, NTSTATUS* status) {
  LARGE_INTEGER offset;
  offset.QuadPart = (LONGLONG)call.request->offset;
  IO_STATUS_BLOCK iosb{};
  const m_u32 object = device_object(top);
  mach_enter(CALLBACK_Other, (const void*)routine, object, 0);
  const BOOLEAN done = routine(call.file->object, &offset, size, TRUE, 0, buffer, &iosb, top);
  mach_leave(CALLBACK_Other, object, (m_u32)iosb.Status);
  *status = iosb.Status;
  return done;
}

/* Fast read and write are tried only on files with cached data, fast device control always. */
bool try_fast(Call& call, NTSTATUS* status) {
  const Request& r = *call.request;
  PDEVICE_OBJECT top = top_of_stack(call.device);
  const bool cached = call.file->object->PrivateCacheMap != nullptr;
  if (r.major == IRP_MJ_DEVICE_CONTROL) {
    PFAST_IO_DISPATCH fast = fast_io_of(top, FIELD_OFFSET(FAST_IO_DISPATCH, FastIoDeviceControl));
    return fast && fast->FastIoDeviceControl && fast_device_control(call, top, fast, status);
  }
  if (r.major == IRP_MJ_READ && cached) {
    PFAST_IO_DISPATCH fast = fast_io_of(top, FIELD_OFFSET(FAST_IO_DISPATCH, FastIoRead));
    return fast && fast->FastIoRead && fast_transfer(call, top, fast->FastIoRead, output(call), r.out_size, status);
  }
  if (r.major == IRP_MJ_WRITE && cached) {
    PFAST_IO_DISPATCH fast = fast_io_of(top, FIELD_OFFSET(FAST_IO_DISPATCH, FastIoWrite));
    return fast && fast->FastIoWrite && fast_transfer(call, top, fast->FastIoWrite, input(call), r.in_size, status);
  }
  return false;
}

/* --- by kind ------------------------------------------------------------------------------------------------------ */

void* zeroed(SIZE_T size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

/* What NtCreateNamedPipeFile, NtCreateMailslotFile and NtCreateFile for a new file pass on. A mailslot's reads wait 10 ms. */
void make_new(m_u8 minor, FileOpen* how) {
  constexpr LONGLONG kTenMilliseconds = -100000;
  how->disposition = FILE_CREATE;
  if (minor == 1) {
    auto* pipe = (PNAMED_PIPE_CREATE_PARAMETERS)zeroed(sizeof(NAMED_PIPE_CREATE_PARAMETERS));
    pipe->MaximumInstances = 2;
    pipe->InboundQuota = pipe->OutboundQuota = 64;
    pipe->DefaultTimeout.QuadPart = kTenMilliseconds;
    pipe->TimeoutSpecified = TRUE;
    how->major = IRP_MJ_CREATE_NAMED_PIPE;
    how->parameters = pipe;
  } else if (minor == 2) {
    auto* mailslot = (PMAILSLOT_CREATE_PARAMETERS)zeroed(sizeof(MAILSLOT_CREATE_PARAMETERS));
    mailslot->ReadTimeout.QuadPart = kTenMilliseconds;
    mailslot->TimeoutSpecified = TRUE;
    how->major = IRP_MJ_CREATE_MAILSLOT;
    how->parameters = mailslot;
  }
}

NTSTATUS open(const Request& r) {
  PDEVICE_OBJECT device = openable_device(r.device);
  if (!device) return STATUS_OBJECT_NAME_NOT_FOUND;
  File* file;
  FileOpen how = plain_open();
  how.name.Length = how.name.MaximumLength = (USHORT)(r.in_size & ~1u);
  how.name.Buffer = (PWSTR)r.in;
  if (r.minor) make_new(r.minor, &how);
  if (r.synchronous) how.options |= FILE_SYNCHRONOUS_IO_NONALERT;
  return file_open_as(device, how, r.handle, false, r.op, r.cancelled, &file);
}

/* The system shuts down: only devices that asked for it are told, and no file is involved. */
NTSTATUS shut_down(const Request& r, PDEVICE_OBJECT device) {
  const DeviceRecord* registered = find_device(device);
  if (!registered->shutdown_registered) return STATUS_INVALID_DEVICE_REQUEST;
  return send_request(device, make_request(device, nullptr, IRP_MJ_SHUTDOWN, 0, r.op, true));
}

/* Fast I/O where there is some, else an IRP. */
NTSTATUS send_any(Call& call) {
  File* file = call.file;
  ++file->references; /* the handle may be closed under the call; the file stays */
  NTSTATUS status;
  if (call.kernel || !try_fast(call, &status)) return send(call);
  file_drop_call(file);
  return status;
}

/* As NtReadFile and its like do it for a file that was not opened for overlapped I/O. */
NTSTATUS send_and_wait(Call& call) {
  File* file = call.file;
  ++file->references;
  file_lock(file);
  const NTSTATUS status = send_any(call);
  if (status == STATUS_PENDING) irp_wait_until_done(call.record);
  file_unlock(file);
  file_drop_call(file);
  return status;
}

NTSTATUS from_user(const Request& r) {
  File* file = file_of_handle(r.handle);
  if (!file) return STATUS_INVALID_HANDLE;
  /* Internal requests come from drivers above, not from user mode. */
  const bool kernel = r.major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
  Call call{&r, file->device, file, kernel, nullptr, nullptr, nullptr};
  if (r.major == IRP_MJ_SHUTDOWN) return shut_down(r, file->device);
  if (r.major == IRP_MJ_PNP || r.major == IRP_MJ_POWER || r.major == IRP_MJ_SYSTEM_CONTROL)
    return STATUS_INVALID_PARAMETER;
  const bool synchronous = (file->object->Flags & FO_SYNCHRONOUS_IO) != 0;
  return synchronous && !kernel ? send_and_wait(call) : send_any(call);
}

NTSTATUS to_node(const Request& r, PDEVICE_OBJECT pdo) {
  switch (r.major) {
    case IRP_MJ_PNP:
      return pnp_request(r, pdo);
    case IRP_MJ_POWER:
      return power_request(r, pdo);
    case IRP_MJ_SYSTEM_CONTROL:
      return system_control_request(r, pdo);
    default:
      break;
  }
  if (!pnp_accepts_requests(pdo)) return STATUS_INVALID_DEVICE_STATE;
  Call call{&r, pdo, nullptr, true, nullptr, nullptr, nullptr};
  return send(call);
}

/* Who sends without a file holds a reference: the stack stays until the call returns, also when it is removed meanwhile. */
NTSTATUS from_kernel(const Request& r) {
  PDEVICE_OBJECT pdo = pnp_device(r.device);
  if (!pdo) return STATUS_INVALID_HANDLE;
  PDEVICE_OBJECT top = top_of_stack(pdo);
  io_reference_object(pdo);
  io_reference_object(top);
  const NTSTATUS status = to_node(r, pdo);
  io_dereference_object(top);
  io_dereference_object(pdo);
  return status;
}

/* PnP and power requests are the system's: they do not end with a process. */
bool ends_with_process(const IrpRecord* record) {
  return record->major != IRP_MJ_PNP && record->major != IRP_MJ_POWER;
}

bool is_pending(const IrpRecord* record) {
  return !record->gone && record->origin == IrpOrigin::request;
}

m_u32 pending_irps() {
  m_u32 count = 0;
  for (const IrpRecord* record = irp_first(); record; record = record->newer) count += is_pending(record);
  return count;
}

/* The oldest IRP that is pending and not yet cancelled. */
IrpRecord* oldest_uncancelled() {
  for (IrpRecord* record = irp_first(); record; record = record->newer)
    if (is_pending(record) && ends_with_process(record) && !record->irp->Cancel) return record;
  return nullptr;
}

bool cancel(IrpRecord* record, m_u8 irql) {
  irp_guard(record);
  const KIRQL old = irql > mach_irql() ? mach_raise_irql(irql, nullptr) : mach_irql();
  cancel_irp(record->irp, record, nullptr);
  if (irql > old) mach_lower_irql(old, nullptr);
  irp_unguard(record);
  return true;
}

}  // namespace

void reset_io_request() {
  process_ends = false;
}

ULONG information_bytes(ULONG number, bool set) {
  const InformationClass bytes = information_class(number);
  return set ? bytes.set_bytes : bytes.query_bytes;
}

}  // namespace nt

extern "C" {

m_u32 nt_request(const nt::Request* request) {
  if (nt::process_ends) return (m_u32)STATUS_THREAD_IS_TERMINATING;
  if (!request->handle && request->major != IRP_MJ_CREATE) return (m_u32)nt::from_kernel(*request);
  const bool creates = request->major == IRP_MJ_CREATE;
  const NTSTATUS status = creates ? nt::open(*request) : nt::from_user(*request);
  nt::require_regions_left(nullptr);
  return (m_u32)status;
}

int nt_cancel(m_u32 op, m_u8 irql) {
  nt::IrpRecord* record = op ? nt::irp_of_operation(op) : nullptr;
  return record && nt::cancel(record, irql);
}

void nt_close(m_u16 handle) {
  if (nt::File* file = nt::file_of_handle(handle)) nt::file_close_handle(file);
}

void nt_cancel_all(void) {
  nt::process_ends = true;
  while (nt::IrpRecord* record = nt::oldest_uncancelled()) nt::cancel(record, 0);
}

void nt_close_all(void) {
  for (nt::File* file = nt::first_file(); file; file = file->next)
    if (file->state == nt::FileState::open && !file->has_handle) nt::file_close_handle(file);
  nt::close_client_handles();
}

m_u32 nt_pending_irps(void) {
  return nt::pending_irps();
}

void nt_emit_leftovers(m_u8 final) {
  for (const nt::IrpRecord* record = nt::irp_first(); record; record = record->newer) {
    if (!nt::is_pending(record)) continue;
    const m_u64 state = (record->irp->CancelRoutine ? 1u : 0u) | (final ? 2u : 0u);
    mach_event(EVENT_EndIrp, record->object, state, record->irp->Cancel, nullptr);
  }
}

}  // extern "C"
