/* Files by handle, as a driver uses them: each call is a request to the device behind the file, be it the driver's own or
 * the volume in memory. Zw routines are trusted; their Nt twins called on a user thread take only what user mode may pass. */
#include "emu/nt/device.h"
#include "emu/nt/file.h"
#include "emu/nt/handle.h"
#include "emu/nt/mdl.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

KPROCESSOR_MODE previous_mode() {
  return mach_thread_kind(mach_thread()) == MACH_THREAD_USER ? UserMode : KernelMode;
}

/* May a caller of that mode name this memory? Nothing is no memory. */
bool may_pass(KPROCESSOR_MODE mode, const void* address, ULONG size, bool for_write) {
  if (mode == KernelMode || !address || !size) return true;
  return is_user_range(address, size) && mach_user_mapped(address, size, for_write);
}

/* --- opening ------------------------------------------------------------------------------------------------------------ */

/* Where a file is: its device, and the name the device gets. */
NTSTATUS find_target(POBJECT_ATTRIBUTES attributes, KPROCESSOR_MODE mode, PDEVICE_OBJECT* device, FileOpen* how) {
  const UNICODE_STRING nothing = {};
  const UNICODE_STRING* name = attributes->ObjectName ? attributes->ObjectName : &nothing;
  if (!attributes->RootDirectory) {
    *device = find_by_path(name, &how->name);
    if (*device) return STATUS_SUCCESS;
    return name->Length && name->Buffer[0] == L'\\' ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_SYNTAX_BAD;
  }
  ObjectKind kind = ObjectKind::none;
  void* root = object_from_handle(attributes->RootDirectory, mode, &kind);
  if (!root) return STATUS_INVALID_HANDLE;
  if (kind != ObjectKind::file) return STATUS_OBJECT_TYPE_MISMATCH;
  if (name->Length && name->Buffer[0] == L'\\') return STATUS_OBJECT_NAME_INVALID;
  how->related = (PFILE_OBJECT)root;
  how->name = *name;
  *device = how->related->DeviceObject;
  return STATUS_SUCCESS;
}

/* Opens, and goes on elsewhere when the file system says so. */
NTSTATUS open_following(PDEVICE_OBJECT device, FileOpen how, bool kernel_mode, File** file) {
  constexpr unsigned kMaxReparses = 32;
  for (unsigned i = 0; i < kMaxReparses; ++i) {
    const NTSTATUS status = file_open_and_wait(device, how, kernel_mode, file);
    if (status != STATUS_REPARSE) return status;
    if ((*file)->information != IO_REPARSE) mach_not_emulated("opening a reparse point");
    how.related = nullptr;
    device = find_by_path(&(*file)->reparse_name, &how.name);
    if (!device) return STATUS_OBJECT_NAME_NOT_FOUND;
  }
  return STATUS_REPARSE_OBJECT;
}

NTSTATUS check_options(const FileOpen& how) {
  constexpr ULONG kSynchronous = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;
  if (how.disposition > FILE_MAXIMUM_DISPOSITION) return STATUS_INVALID_PARAMETER;
  if ((how.options & kSynchronous) == kSynchronous) return STATUS_INVALID_PARAMETER;
  if ((how.options & kSynchronous) && !(how.access & SYNCHRONIZE)) return STATUS_INVALID_PARAMETER;
  if ((how.options & FILE_DELETE_ON_CLOSE) && !(how.access & DELETE)) return STATUS_INVALID_PARAMETER;
  if ((how.options & FILE_DIRECTORY_FILE) && (how.options & FILE_NON_DIRECTORY_FILE)) return STATUS_INVALID_PARAMETER;
  return STATUS_SUCCESS;
}

NTSTATUS create_file(KPROCESSOR_MODE mode, PHANDLE handle, POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK iosb,
                     FileOpen how) {
  if (!may_pass(mode, attributes, sizeof *attributes, false) || !may_pass(mode, handle, sizeof *handle, true) ||
      !may_pass(mode, iosb, sizeof *iosb, true))
    return STATUS_ACCESS_VIOLATION;
  if (out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  NTSTATUS status = check_options(how);
  if (!NT_SUCCESS(status)) return status;
  PDEVICE_OBJECT device;
  status = find_target(attributes, mode, &device, &how);
  if (!NT_SUCCESS(status)) return status;
  how.case_insensitive = attributes->Attributes & OBJ_CASE_INSENSITIVE;
  File* file;
  status = open_following(device, how, mode == KernelMode, &file);
  if (!NT_SUCCESS(status)) return status;
  file->has_handle = true;
  *handle = handle_with_attributes(file->object, ObjectKind::file, attributes->Attributes);
  iosb->Status = status;
  iosb->Information = file->information;
  return status;
}

FileOpen parameters(ACCESS_MASK access, const LARGE_INTEGER* allocation, ULONG attributes, ULONG share, ULONG disposition,
                    ULONG options, const void* ea, ULONG ea_bytes) {
  FileOpen how = {};
  how.access = access;
  how.allocation = allocation ? allocation->QuadPart : 0;
  how.attributes = attributes;
  how.share = share;
  how.disposition = disposition;
  how.options = options;
  how.ea = ea;
  how.ea_bytes = ea ? ea_bytes : 0;
  return how;
}

FileOpen typed(FileOpen how, CREATE_FILE_TYPE type, void* internal) {
  if (type == CreateFileTypeMailslot) how.major = IRP_MJ_CREATE_MAILSLOT;
  if (type == CreateFileTypeNamedPipe) how.major = IRP_MJ_CREATE_NAMED_PIPE;
  how.parameters = internal;
  return how;
}

/* --- requests ----------------------------------------------------------------------------------------------------------- */

/* One call on its way. It outlives the call when nobody waits. */
struct Call {
  KPROCESSOR_MODE mode;
  File* file;
  PKEVENT event; /* with a reference, or null */
  PIO_STATUS_BLOCK iosb;
  IrpRecord* record;
  PIRP irp;
  PIO_STACK_LOCATION location;
  NTSTATUS status;
};

bool is_synchronous(const Call* call) {
  return call->file->object->Flags & FO_SYNCHRONOUS_IO;
}

/* Requests on a synchronous file come one at a time. */
void lock_file(PFILE_OBJECT file, const void* pc) {
  while (file->Busy) {
    ++file->Waiters;
    wait_event(&file->Lock, pc);
    --file->Waiters;
  }
  file->Busy = TRUE;
}

void unlock_file(PFILE_OBJECT file) {
  file->Busy = FALSE;
  if (file->Waiters) set_event(&file->Lock);
}

void after_request(IrpRecord* record, NTSTATUS status, ULONG_PTR) {
  auto* call = (Call*)record->context;
  call->status = status;
  if (call->event)
    dereference_object(call->event, nullptr);
  else
    set_event(&call->file->object->Event);
}

NTSTATUS take_event(HANDLE handle, KPROCESSOR_MODE mode, PKEVENT* event) {
  *event = nullptr;
  if (!handle) return STATUS_SUCCESS;
  ObjectKind kind = ObjectKind::none;
  void* object = object_from_handle(handle, mode, &kind);
  if (!object) return STATUS_INVALID_HANDLE;
  if (kind != ObjectKind::event) return STATUS_OBJECT_TYPE_MISMATCH;
  reference_object(object, nullptr);
  *event = (PKEVENT)object;
  (*event)->Header.SignalState = 0;
  return STATUS_SUCCESS;
}

NTSTATUS file_of(HANDLE handle, KPROCESSOR_MODE mode, File** file) {
  ObjectKind kind = ObjectKind::none;
  void* object = object_from_handle(handle, mode, &kind);
  if (!object) return STATUS_INVALID_HANDLE;
  if (kind != ObjectKind::file) return STATUS_OBJECT_TYPE_MISMATCH;
  *file = file_of_object((PFILE_OBJECT)object);
  return *file ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

/* Checks what all requests have in common and makes the IRP. */
NTSTATUS begin(KPROCESSOR_MODE mode, HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PIO_STATUS_BLOCK iosb, m_u8 major,
               Call** result, const void* pc) {
  if (apc) mach_not_emulated("files with an APC routine");
  if (out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  if (!may_pass(mode, iosb, sizeof *iosb, true)) return STATUS_ACCESS_VIOLATION;
  File* file;
  NTSTATUS status = file_of(handle, mode, &file);
  if (!NT_SUCCESS(status)) return status;
  PKEVENT taken;
  status = take_event(event, mode, &taken);
  if (!NT_SUCCESS(status)) return status;
  auto* call = (Call*)mach_pool_alloc(sizeof(Call), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  *result = call;
  call->mode = mode;
  call->file = file;
  call->event = taken;
  call->iosb = iosb;
  if (is_synchronous(call)) lock_file(file->object, pc);
  call->record = make_request(file->device, file, major, 0, 0, mode == KernelMode);
  call->irp = call->record->irp;
  call->location = next_location(call->irp);
  call->irp->UserIosb = iosb;
  call->irp->UserEvent = taken;
  if (is_synchronous(call)) call->irp->Flags |= IRP_SYNCHRONOUS_API;
  call->record->context = call;
  call->record->done = after_request;
  file->object->Event.Header.SignalState = 0;
  return STATUS_SUCCESS;
}

/* Sends it, and on a synchronous file (or when `always`) waits for its end. */
NTSTATUS send(Call* call, bool always) {
  NTSTATUS status = send_request(call->file->device, call->record);
  const bool waits = always || is_synchronous(call);
  if (status == STATUS_PENDING && waits) {
    irp_wait_until_done(call->record);
    status = call->status;
  }
  if (is_synchronous(call)) unlock_file(call->file->object);
  return status;
}

void use_system_buffer(Call* call, const void* in, ULONG in_size, ULONG size, ULONG flags) {
  void* buffer = mach_pool_alloc(size, 0x20206f49, MACH_POOL_KERNEL, nullptr);
  __builtin_memset(buffer, 0xbe, size); /* as in io_request.cc: what is not written is always the same */
  if (in_size) __builtin_memcpy(buffer, kernel_alias(in), in_size);
  call->irp->AssociatedIrp.SystemBuffer = buffer;
  call->irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | flags;
}

void use_mdl(Call* call, void* buffer, ULONG size, LOCK_OPERATION operation) {
  call->irp->MdlAddress = mdl_allocate(buffer, size, nullptr, true);
  mdl_probe_and_lock(call->irp->MdlAddress, call->mode, operation);
}

/* --- reading and writing ---------------------------------------------------------------------------------------------- */

void attach_read(Call* call, void* buffer, ULONG size) {
  const ULONG flags = top_of_stack(call->file->device)->Flags;
  call->irp->UserBuffer = buffer;
  if (!size) return;
  if (flags & DO_BUFFERED_IO)
    use_system_buffer(call, nullptr, 0, size, IRP_INPUT_OPERATION);
  else if (flags & DO_DIRECT_IO)
    use_mdl(call, buffer, size, IoWriteAccess);
}

void attach_write(Call* call, void* buffer, ULONG size) {
  const ULONG flags = top_of_stack(call->file->device)->Flags;
  call->irp->UserBuffer = buffer;
  if (!size) return;
  if (flags & DO_BUFFERED_IO)
    use_system_buffer(call, buffer, size, size, 0);
  else if (flags & DO_DIRECT_IO)
    use_mdl(call, buffer, size, IoReadAccess);
}

/* Without an offset, or with the one that says so, a synchronous file goes on where it is; others have to be told. */
bool goes_on(const LARGE_INTEGER* given) {
  return !given || (given->HighPart == -1 && given->LowPart == FILE_USE_FILE_POINTER_POSITION);
}

NTSTATUS offset_of(const File* file, const LARGE_INTEGER* given, LARGE_INTEGER* offset) {
  if (!goes_on(given)) {
    *offset = *given;
    return STATUS_SUCCESS;
  }
  const ULONG flags = file->object->Flags;
  *offset = file->object->CurrentByteOffset;
  return flags & (FO_SYNCHRONOUS_IO | FO_NAMED_PIPE | FO_MAILSLOT) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS transfer(m_u8 major, KPROCESSOR_MODE mode, HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PIO_STATUS_BLOCK iosb,
                  void* buffer, ULONG length, const LARGE_INTEGER* given, const ULONG* key, const void* pc) {
  const bool reads = major == IRP_MJ_READ;
  if (!may_pass(mode, buffer, length, reads)) return STATUS_ACCESS_VIOLATION;
  File* file;
  NTSTATUS status = file_of(handle, mode, &file);
  if (!NT_SUCCESS(status)) return status;
  LARGE_INTEGER offset;
  status = offset_of(file, given, &offset);
  if (!NT_SUCCESS(status)) return status;
  Call* call;
  status = begin(mode, handle, event, apc, iosb, major, &call, pc);
  if (!NT_SUCCESS(status)) return status;
  if (goes_on(given)) offset = file->object->CurrentByteOffset; /* another request may have moved it meanwhile */
  auto& p = call->location->Parameters.Read; /* Parameters.Write has the same members */
  p.Length = length;
  p.ByteOffset = offset;
  p.Key = key ? *key : 0;
  call->irp->Flags |= reads ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
  reads ? attach_read(call, buffer, length) : attach_write(call, buffer, length);
  return send(call, false);
}

/* --- control ------------------------------------------------------------------------------------------------------------ */

void attach_control(Call* call, ULONG code, void* in, ULONG in_size, void* out, ULONG out_size) {
  auto& p = call->location->Parameters.DeviceIoControl;
  p.IoControlCode = code;
  p.InputBufferLength = in_size;
  p.OutputBufferLength = out_size;
  call->irp->UserBuffer = out;
  const ULONG method = METHOD_FROM_CTL_CODE(code);
  if (method == METHOD_NEITHER) {
    p.Type3InputBuffer = in;
  } else if (method == METHOD_BUFFERED) {
    const ULONG size = in_size > out_size ? in_size : out_size;
    if (size) use_system_buffer(call, in, in_size, size, out_size ? IRP_INPUT_OPERATION : 0);
  } else {
    if (in_size) use_system_buffer(call, in, in_size, in_size, 0);
    if (out_size) use_mdl(call, out, out_size, method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
  }
}

NTSTATUS control(m_u8 major, KPROCESSOR_MODE mode, HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PIO_STATUS_BLOCK iosb,
                 ULONG code, void* in, ULONG in_size, void* out, ULONG out_size, const void* pc) {
  if (METHOD_FROM_CTL_CODE(code) != METHOD_NEITHER &&
      (!may_pass(mode, in, in_size, false) || !may_pass(mode, out, out_size, true)))
    return STATUS_ACCESS_VIOLATION;
  Call* call;
  const NTSTATUS status = begin(mode, handle, event, apc, iosb, major, &call, pc);
  if (!NT_SUCCESS(status)) return status;
  attach_control(call, code, in, in_size, out, out_size);
  return send(call, false);
}

/* --- information -------------------------------------------------------------------------------------------------------- */

/* What the I/O manager knows itself. */
bool answered_here(File* file, ULONG information_class, void* information, PIO_STATUS_BLOCK iosb) {
  PFILE_OBJECT object = file->object;
  const bool synchronous = object->Flags & FO_SYNCHRONOUS_IO;
  if (information_class == FilePositionInformation && synchronous) {
    ((PFILE_POSITION_INFORMATION)information)->CurrentByteOffset = object->CurrentByteOffset;
    iosb->Information = sizeof(FILE_POSITION_INFORMATION);
  } else if (information_class == FileModeInformation) {
    ULONG mode = 0;
    if (synchronous) mode |= object->Flags & FO_ALERTABLE_IO ? FILE_SYNCHRONOUS_IO_ALERT : FILE_SYNCHRONOUS_IO_NONALERT;
    if (object->Flags & FO_NO_INTERMEDIATE_BUFFERING) mode |= FILE_NO_INTERMEDIATE_BUFFERING;
    if (object->Flags & FO_WRITE_THROUGH) mode |= FILE_WRITE_THROUGH;
    if (object->Flags & FO_SEQUENTIAL_ONLY) mode |= FILE_SEQUENTIAL_ONLY;
    *(ULONG*)information = mode;
    iosb->Information = sizeof(ULONG);
  } else if (information_class == FileAlignmentInformation) {
    *(ULONG*)information = top_of_stack(file->device)->AlignmentRequirement;
    iosb->Information = sizeof(ULONG);
  } else {
    return false;
  }
  iosb->Status = STATUS_SUCCESS;
  return true;
}

NTSTATUS query_information(KPROCESSOR_MODE mode, HANDLE handle, PIO_STATUS_BLOCK iosb, void* information, ULONG length,
                           ULONG information_class, const void* pc) {
  const ULONG needed = information_bytes(information_class, false);
  if (!needed) return STATUS_INVALID_INFO_CLASS;
  if (length < needed) return STATUS_INFO_LENGTH_MISMATCH;
  if (!may_pass(mode, information, length, true) || !may_pass(mode, iosb, sizeof *iosb, true)) return STATUS_ACCESS_VIOLATION;
  File* file;
  NTSTATUS status = file_of(handle, mode, &file);
  if (!NT_SUCCESS(status)) return status;
  if (answered_here(file, information_class, information, iosb)) return STATUS_SUCCESS;
  Call* call;
  status = begin(mode, handle, nullptr, nullptr, iosb, IRP_MJ_QUERY_INFORMATION, &call, pc);
  if (!NT_SUCCESS(status)) return status;
  call->location->Parameters.QueryFile.Length = length;
  call->location->Parameters.QueryFile.FileInformationClass = (FILE_INFORMATION_CLASS)information_class;
  use_system_buffer(call, nullptr, 0, length, IRP_INPUT_OPERATION);
  call->irp->UserBuffer = information;
  return send(call, true);
}

NTSTATUS set_information(KPROCESSOR_MODE mode, HANDLE handle, PIO_STATUS_BLOCK iosb, void* information, ULONG length,
                         ULONG information_class, const void* pc) {
  const ULONG needed = information_bytes(information_class, true);
  if (!needed) return STATUS_INVALID_INFO_CLASS;
  if (length < needed) return STATUS_INFO_LENGTH_MISMATCH;
  if (!may_pass(mode, information, length, false) || !may_pass(mode, iosb, sizeof *iosb, true))
    return STATUS_ACCESS_VIOLATION;
  File* file;
  NTSTATUS status = file_of(handle, mode, &file);
  if (!NT_SUCCESS(status)) return status;
  if (information_class == FilePositionInformation && (file->object->Flags & FO_SYNCHRONOUS_IO)) {
    const LARGE_INTEGER to = ((const FILE_POSITION_INFORMATION*)information)->CurrentByteOffset;
    if (to.QuadPart < 0) return STATUS_INVALID_PARAMETER;
    file->object->CurrentByteOffset = to;
    *iosb = {};
    return STATUS_SUCCESS;
  }
  Call* call;
  status = begin(mode, handle, nullptr, nullptr, iosb, IRP_MJ_SET_INFORMATION, &call, pc);
  if (!NT_SUCCESS(status)) return status;
  call->location->Parameters.SetFile.Length = length;
  call->location->Parameters.SetFile.FileInformationClass = (FILE_INFORMATION_CLASS)information_class;
  use_system_buffer(call, information, length, length, 0);
  return send(call, true);
}

NTSTATUS query_volume(KPROCESSOR_MODE mode, HANDLE handle, PIO_STATUS_BLOCK iosb, void* information, ULONG length,
                      ULONG information_class, const void* pc) {
  if (!may_pass(mode, information, length, true)) return STATUS_ACCESS_VIOLATION;
  File* file;
  NTSTATUS status = file_of(handle, mode, &file);
  if (!NT_SUCCESS(status)) return status;
  /* The I/O manager's own answer, except on a network. */
  if (information_class == FileFsDeviceInformation) {
    if (length < sizeof(FILE_FS_DEVICE_INFORMATION)) return STATUS_INFO_LENGTH_MISMATCH;
    auto* device = (PFILE_FS_DEVICE_INFORMATION)information;
    device->DeviceType = file->device->DeviceType;
    device->Characteristics = file->device->Characteristics;
    *iosb = {};
    iosb->Information = sizeof *device;
    return STATUS_SUCCESS;
  }
  Call* call;
  status = begin(mode, handle, nullptr, nullptr, iosb, IRP_MJ_QUERY_VOLUME_INFORMATION, &call, pc);
  if (!NT_SUCCESS(status)) return status;
  call->location->Parameters.QueryVolume.Length = length;
  call->location->Parameters.QueryVolume.FsInformationClass = (FS_INFORMATION_CLASS)information_class;
  if (length) use_system_buffer(call, nullptr, 0, length, IRP_INPUT_OPERATION);
  call->irp->UserBuffer = information;
  return send(call, true);
}

NTSTATUS flush(KPROCESSOR_MODE mode, HANDLE handle, PIO_STATUS_BLOCK iosb, const void* pc) {
  Call* call;
  const NTSTATUS status = begin(mode, handle, nullptr, nullptr, iosb, IRP_MJ_FLUSH_BUFFERS, &call, pc);
  return NT_SUCCESS(status) ? send(call, true) : status;
}

NTSTATUS delete_file(POBJECT_ATTRIBUTES attributes) {
  HANDLE handle;
  IO_STATUS_BLOCK iosb;
  const FileOpen how = parameters(DELETE, nullptr, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
                                  FILE_DELETE_ON_CLOSE, nullptr, 0);
  const NTSTATUS status = create_file(KernelMode, &handle, attributes, &iosb, how);
  return NT_SUCCESS(status) ? close_handle(handle) : status;
}

}  // namespace
}  // namespace nt

/* A Zw routine and its Nt twin. `mode` is whom the parameters come from. */
#define WDM_TWINS(name, parameters, call)                     \
  NTSTATUS NTAPI Zw##name parameters {                        \
    DDI_ENTER(Zw##name, nullptr);                             \
    const KPROCESSOR_MODE mode = KernelMode;                  \
    return call;                                              \
  }                                                           \
  NTSTATUS NTAPI Nt##name parameters {                        \
    DDI_ENTER(Nt##name, nullptr);                             \
    const KPROCESSOR_MODE mode = nt::previous_mode();         \
    return call;                                              \
  }

extern "C" {

WDM_TWINS(CreateFile,
          (PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
           PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
           ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength),
          nt::create_file(mode, FileHandle, ObjectAttributes, IoStatusBlock,
                          nt::parameters(DesiredAccess, AllocationSize, FileAttributes, ShareAccess, CreateDisposition,
                                         CreateOptions, EaBuffer, EaLength)))

WDM_TWINS(OpenFile,
          (PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
           PIO_STATUS_BLOCK IoStatusBlock, ULONG ShareAccess, ULONG OpenOptions),
          nt::create_file(mode, FileHandle, ObjectAttributes, IoStatusBlock,
                          nt::parameters(DesiredAccess, nullptr, 0, ShareAccess, FILE_OPEN, OpenOptions, nullptr, 0)))

WDM_TWINS(ReadFile,
          (HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key),
          nt::transfer(IRP_MJ_READ, mode, FileHandle, Event, ApcRoutine, IoStatusBlock, Buffer, Length, ByteOffset, Key,
                       ddi.pc()))

WDM_TWINS(WriteFile,
          (HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key),
          nt::transfer(IRP_MJ_WRITE, mode, FileHandle, Event, ApcRoutine, IoStatusBlock, Buffer, Length, ByteOffset, Key,
                       ddi.pc()))

WDM_TWINS(DeviceIoControlFile,
          (HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID, PIO_STATUS_BLOCK IoStatusBlock,
           ULONG IoControlCode, PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength),
          nt::control(IRP_MJ_DEVICE_CONTROL, mode, FileHandle, Event, ApcRoutine, IoStatusBlock, IoControlCode, InputBuffer,
                      InputBufferLength, OutputBuffer, OutputBufferLength, ddi.pc()))

WDM_TWINS(FsControlFile,
          (HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID, PIO_STATUS_BLOCK IoStatusBlock,
           ULONG FsControlCode, PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength),
          nt::control(IRP_MJ_FILE_SYSTEM_CONTROL, mode, FileHandle, Event, ApcRoutine, IoStatusBlock, FsControlCode,
                      InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength, ddi.pc()))

WDM_TWINS(QueryInformationFile,
          (HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
           FILE_INFORMATION_CLASS FileInformationClass),
          nt::query_information(mode, FileHandle, IoStatusBlock, FileInformation, Length, FileInformationClass, ddi.pc()))

WDM_TWINS(SetInformationFile,
          (HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
           FILE_INFORMATION_CLASS FileInformationClass),
          nt::set_information(mode, FileHandle, IoStatusBlock, FileInformation, Length, FileInformationClass, ddi.pc()))

WDM_TWINS(QueryVolumeInformationFile,
          (HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FsInformation, ULONG Length,
           FS_INFORMATION_CLASS FsInformationClass),
          nt::query_volume(mode, FileHandle, IoStatusBlock, FsInformation, Length, FsInformationClass, ddi.pc()))

NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock) {
  DDI_ENTER(ZwFlushBuffersFile, nullptr);
  return nt::flush(KernelMode, FileHandle, IoStatusBlock, ddi.pc());
}

NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES ObjectAttributes) {
  DDI_ENTER(ZwDeleteFile, nullptr);
  return nt::delete_file(ObjectAttributes);
}

/* On a user thread the parameters are user mode's, unless IO_NO_PARAMETER_CHECKING says otherwise. */
NTKERNELAPI NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                                        PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes,
                                        ULONG ShareAccess, ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer,
                                        ULONG EaLength, CREATE_FILE_TYPE CreateFileType, PVOID InternalParameters,
                                        ULONG Options) {
  DDI_ENTER(IoCreateFile, nullptr);
  const KPROCESSOR_MODE mode = Options & IO_NO_PARAMETER_CHECKING ? KernelMode : nt::previous_mode();
  const nt::FileOpen how = nt::parameters(DesiredAccess, AllocationSize, FileAttributes, ShareAccess, Disposition,
                                          CreateOptions, EaBuffer, EaLength);
  return nt::create_file(mode, FileHandle, ObjectAttributes, IoStatusBlock, nt::typed(how, CreateFileType, InternalParameters));
}

}  // extern "C"
