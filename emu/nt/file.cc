/* File objects: create, cleanup, close, and the references between. */
#include "emu/nt/file.h"

#include "emu/nt/device.h"
#include "emu/nt/mdl.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/pnp.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

File* files;
File** files_end = &files;

struct SecurityContext {
  SECURITY_QUALITY_OF_SERVICE quality;
  ACCESS_STATE access;
  IO_SECURITY_CONTEXT context;
};

constexpr m_u32 kNameTag = 0x6d4e6f49; /* 'IoNm' */

ULONG flags_of(const FileOpen& how) {
  ULONG flags = FO_HANDLE_CREATED;
  if (how.options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) flags |= FO_SYNCHRONOUS_IO;
  if (how.options & FILE_SYNCHRONOUS_IO_ALERT) flags |= FO_ALERTABLE_IO;
  if (how.options & FILE_NO_INTERMEDIATE_BUFFERING) flags |= FO_NO_INTERMEDIATE_BUFFERING;
  if (how.options & FILE_WRITE_THROUGH) flags |= FO_WRITE_THROUGH;
  if (how.options & FILE_SEQUENTIAL_ONLY) flags |= FO_SEQUENTIAL_ONLY;
  if (how.options & FILE_RANDOM_ACCESS) flags |= FO_RANDOM_ACCESS;
  if (!how.case_insensitive) flags |= FO_OPENED_CASE_SENSITIVE;
  return flags;
}

/* In a block of its own: drivers replace it (that is how a name is reparsed). */
void set_name(PFILE_OBJECT object, const UNICODE_STRING& name) {
  if (!name.Length) return;
  object->FileName.Length = name.Length;
  object->FileName.MaximumLength = (USHORT)(name.Length + sizeof(WCHAR));
  object->FileName.Buffer =
      (PWSTR)mach_pool_alloc(object->FileName.MaximumLength, kNameTag, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  __builtin_memcpy(object->FileName.Buffer, name.Buffer, name.Length);
}

File* make_file(PDEVICE_OBJECT device, const FileOpen& how, m_u16 handle, bool kernel_mode) {
  auto* file = (File*)mach_pool_alloc(sizeof(File), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  auto* object = (PFILE_OBJECT)mach_pool_alloc(sizeof(FILE_OBJECT), 0x656c6946 /* 'File' */, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  object->Type = IO_TYPE_FILE;
  object->Size = sizeof(FILE_OBJECT);
  object->DeviceObject = device;
  object->ReadAccess = object->WriteAccess = TRUE;
  object->SharedRead = object->SharedWrite = TRUE;
  object->Flags = flags_of(how);
  object->RelatedFileObject = how.related;
  set_name(object, how.name);
  object->IrpList.Flink = object->IrpList.Blink = &object->IrpList;
  init_event(&object->Lock, SynchronizationEvent, false);
  init_event(&object->Event, NotificationEvent, false);
  *file = {nullptr, object, device, handle, kernel_mode, FileState::opening, 1, false, STATUS_PENDING, 0, {}, false, 0};
  *files_end = file;
  files_end = &file->next;
  ++device->ReferenceCount;
  return file;
}

void free_file(File* file) {
  file->state = FileState::gone;
  if (file->object->FileName.Buffer) mach_pool_free(file->object->FileName.Buffer, 0, nullptr);
  mach_pool_free(file->object, 0, nullptr);
  --file->device->ReferenceCount;
  pnp_file_closed(file->device);
  release_device_if_unused(find_device(file->device));
}

void after_close(IrpRecord* record, NTSTATUS, ULONG_PTR) {
  free_file((File*)record->context);
}

void send_close(File* file) {
  IrpRecord* record = make_request(file->device, nullptr, IRP_MJ_CLOSE, 0, 0, true);
  next_location(record->irp)->FileObject = file->object;
  record->irp->Flags |= IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
  record->context = file;
  record->done = after_close;
  send_request(file->device, record);
}

void close_worker(void* file) {
  send_close((File*)file);
  mach_thread_exit();
}

/* A close request is sent at PASSIVE_LEVEL, and not from inside a driver's call: by a worker thread then. */
void drop(File* file, bool may_send_here) {
  if (--file->references) return;
  if (file->state == FileState::opening) return free_file(file);
  file->state = FileState::closing;
  if (may_send_here)
    send_close(file);
  else
    mach_thread_create(close_worker, file, MACH_THREAD_WORKER, nullptr, nullptr);
}

void keep_name(File* file) {
  const UNICODE_STRING& name = file->object->FileName;
  file->reparse_name = {name.Length, name.Length, (PWSTR)mach_pool_alloc(name.Length, 0, MACH_POOL_KERNEL, nullptr)};
  if (name.Length) __builtin_memcpy(file->reparse_name.Buffer, name.Buffer, name.Length);
}

/* The create request is done: the handle is good, or nobody ever sees the file again. */
void after_create(IrpRecord* record, NTSTATUS status, ULONG_PTR information) {
  auto* file = (File*)record->context;
  file->created = status;
  file->information = information;
  if (status == STATUS_REPARSE) keep_name(file);
  file->object->RelatedFileObject = nullptr;
  if (NT_SUCCESS(status) && status != STATUS_REPARSE)
    file->state = FileState::open;
  else
    drop(file, false);
}

void after_cleanup(IrpRecord* record, NTSTATUS, ULONG_PTR) {
  auto* file = (File*)record->context;
  file->object->Flags |= FO_CLEANUP_COMPLETE;
}

void attach_ea(PIRP irp, PIO_STACK_LOCATION location, const FileOpen& how) {
  if (!how.ea_bytes) return;
  irp->AssociatedIrp.SystemBuffer = mach_pool_alloc(how.ea_bytes, 0x6145, MACH_POOL_KERNEL, nullptr); /* 'Ea' */
  __builtin_memcpy(irp->AssociatedIrp.SystemBuffer, kernel_alias(how.ea), how.ea_bytes);
  irp->Flags |= IRP_DEALLOCATE_BUFFER;
  location->Parameters.Create.EaLength = how.ea_bytes;
}

void fill_create(PIRP irp, PFILE_OBJECT object, const FileOpen& how) {
  PIO_STACK_LOCATION location = next_location(irp);
  auto* security = (SecurityContext*)mach_pool_alloc(sizeof(SecurityContext), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  security->access.OriginalDesiredAccess = security->access.PreviouslyGrantedAccess = how.access;
  security->context = {&security->quality, &security->access, how.access, how.options};
  location->Parameters.Create.SecurityContext = &security->context;
  location->Parameters.Create.Options = how.disposition << 24 | (how.options & 0xffffff);
  location->Parameters.Create.FileAttributes = (USHORT)how.attributes;
  location->Parameters.Create.ShareAccess = (USHORT)how.share;
  if (!how.case_insensitive) location->Flags |= SL_CASE_SENSITIVE;
  /* Pipes and mailslots have their parameters where others have extended attributes. */
  if (how.major == IRP_MJ_CREATE_MAILSLOT)
    location->Parameters.CreateMailslot.Parameters = (PMAILSLOT_CREATE_PARAMETERS)how.parameters;
  else if (how.major == IRP_MJ_CREATE_NAMED_PIPE)
    location->Parameters.CreatePipe.Parameters = (PNAMED_PIPE_CREATE_PARAMETERS)how.parameters;
  else
    attach_ea(irp, location, how);
  irp->Overlay.AllocationSize.QuadPart = how.allocation;
  irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
  irp->Tail.Overlay.OriginalFileObject = object;
}

NTSTATUS may_open(PDEVICE_OBJECT device) {
  const DevNode* node = pnp_node_of_stack(device);
  if (node && node->leaving) return STATUS_NO_SUCH_DEVICE;
  if (find_device(device)->deleting || (device->Flags & DO_DEVICE_INITIALIZING)) return STATUS_NO_SUCH_DEVICE;
  if ((device->Flags & DO_EXCLUSIVE) && device->ReferenceCount) return STATUS_ACCESS_DENIED;
  return STATUS_SUCCESS;
}

}  // namespace

void reset_file() {
  files = nullptr;
  files_end = &files;
}

File* file_of_object(PFILE_OBJECT object) {
  for (File* file = files; file; file = file->next)
    if (file->object == object && file->state != FileState::gone) return file;
  return nullptr;
}

File* first_file() {
  return files;
}

File* file_of_handle(m_u16 handle) {
  for (File* file = files; file; file = file->next)
    if (handle && file->handle == handle && file->state == FileState::open) return file;
  return nullptr;
}

FileOpen plain_open() {
  FileOpen how = {};
  how.access = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
  how.share = FILE_SHARE_READ | FILE_SHARE_WRITE;
  how.disposition = FILE_OPEN;
  how.case_insensitive = true;
  return how;
}

static NTSTATUS open(PDEVICE_OBJECT device, const FileOpen& how, m_u16 handle, bool kernel_mode, m_u32 op, bool cancelled,
                     File** result, IrpRecord** sent) {
  *result = nullptr;
  const NTSTATUS allowed = may_open(device);
  if (!NT_SUCCESS(allowed)) return allowed;
  File* file = make_file(device, how, handle, kernel_mode);
  const m_u8 major = how.major ? how.major : (m_u8)IRP_MJ_CREATE;
  IrpRecord* record = *sent = make_request(device, file, major, 0, op, kernel_mode);
  fill_create(record->irp, file->object, how);
  record->irp->Cancel = cancelled;
  record->context = file;
  record->done = after_create;
  *result = file;
  return send_request(device, record);
}

NTSTATUS file_open_as(PDEVICE_OBJECT device, const FileOpen& how, m_u16 handle, bool kernel_mode, m_u32 op, bool cancelled,
                      File** file) {
  IrpRecord* sent;
  return open(device, how, handle, kernel_mode, op, cancelled, file, &sent);
}

NTSTATUS file_open(PDEVICE_OBJECT device, m_u16 handle, bool kernel_mode, m_u32 op, bool cancelled, File** file) {
  return file_open_as(device, plain_open(), handle, kernel_mode, op, cancelled, file);
}

NTSTATUS file_open_and_wait(PDEVICE_OBJECT device, const FileOpen& how, bool kernel_mode, File** file) {
  IrpRecord* sent = nullptr;
  NTSTATUS status = open(device, how, 0, kernel_mode, 0, false, file, &sent);
  if (!sent) return status;
  if (status == STATUS_PENDING) {
    irp_wait_until_done(sent);
    status = (*file)->created;
  }
  if (!NT_SUCCESS(status)) *file = nullptr;
  return status;
}

void file_lock(File* file) {
  while (file->busy) {
    file->waiting |= 1ull << mach_thread();
    mach_block(0, nullptr, nullptr);
  }
  file->busy = true;
}

void file_unlock(File* file) {
  file->busy = false;
  const m_u64 waiting = file->waiting;
  file->waiting = 0;
  for (m_u32 thread = 0; thread < 64; ++thread)
    if (waiting >> thread & 1) mach_wake(thread, 0);
}

void file_close_handle(File* file) {
  file->state = FileState::cleaning;
  IrpRecord* record = make_request(file->device, file, IRP_MJ_CLEANUP, 0, 0, true);
  record->irp->Flags |= IRP_SYNCHRONOUS_API | IRP_CLOSE_OPERATION;
  record->context = file;
  record->done = after_cleanup;
  send_request(file->device, record);
  drop(file, true);
}

void file_drop_irp(File* file) {
  drop(file, false);
}

void file_drop_call(File* file) {
  drop(file, true);
}

bool file_reference(PFILE_OBJECT object) {
  File* file = file_of_object(object);
  if (file) ++file->references;
  return file != nullptr;
}

bool file_dereference(PFILE_OBJECT object) {
  File* file = file_of_object(object);
  if (file) drop(file, false);
  return file != nullptr;
}

IrpRecord* make_request(PDEVICE_OBJECT device, File* file, m_u8 major, m_u8 minor, m_u32 op, bool kernel_mode) {
  IrpRecord* record = irp_allocate(top_of_stack(device)->StackSize, false, nullptr);
  PIRP irp = record->irp;
  record->op = op;
  record->major = major;
  record->file = file;
  if (file) ++file->references;
  irp->RequestorMode = kernel_mode ? KernelMode : UserMode;
  irp->Tail.Overlay.Thread = (PETHREAD)current_thread();
  irp->Tail.Overlay.OriginalFileObject = file ? file->object : nullptr;
  PIO_STACK_LOCATION location = next_location(irp);
  location->MajorFunction = major;
  location->MinorFunction = minor;
  location->FileObject = file ? file->object : nullptr;
  mach_event(EVENT_IrpCreate, record->object, major, op, nullptr);
  return record;
}

NTSTATUS send_request(PDEVICE_OBJECT device, IrpRecord* record) {
  record->sender = mach_thread() + 1;
  const NTSTATUS status = call_driver(top_of_stack(device), record->irp, nullptr);
  record->sender = 0;
  if (record->file && record->drop_file_later) drop(record->file, true);
  return status;
}

}  // namespace nt

extern "C" {

/* Opens the device like any client: the driver sees create, then cleanup at once, and close with the last reference. */
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK, PFILE_OBJECT* FileObject,
                                                    PDEVICE_OBJECT* DeviceObject) {
  DDI_ENTER(IoGetDeviceObjectPointer, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  PDEVICE_OBJECT device = nt::find_by_name(ObjectName);
  if (!device) return STATUS_OBJECT_NAME_NOT_FOUND;
  nt::File* file;
  const NTSTATUS status = nt::file_open_and_wait(device, nt::plain_open(), true, &file);
  if (status == STATUS_REPARSE) mach_not_emulated("IoGetDeviceObjectPointer of a device that reparses");
  if (!NT_SUCCESS(status)) return status;
  nt::file_reference(file->object);
  nt::file_close_handle(file);
  *FileObject = file->object;
  *DeviceObject = nt::top_of_stack(device);
  return STATUS_SUCCESS;
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(PFILE_OBJECT FileObject) {
  DDI_ENTER(IoGetRelatedDeviceObject, FileObject);
  return nt::top_of_stack(FileObject->DeviceObject);
}

}  // extern "C"
