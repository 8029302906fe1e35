/* File objects: create, cleanup, close, and the references between. */
#include "emu/nt/file.h"

#include "emu/nt/device.h"
#include "emu/nt/nt_families.h"
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

/* The same for everybody: read and write access. */
SecurityContext security;

File* make_file(PDEVICE_OBJECT device, m_u16 handle, bool kernel_mode) {
  auto* file = (File*)mach_pool_alloc(sizeof(File), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  auto* object = (PFILE_OBJECT)mach_pool_alloc(sizeof(FILE_OBJECT), 0x656c6946 /* 'File' */, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  object->Type = IO_TYPE_FILE;
  object->Size = sizeof(FILE_OBJECT);
  object->DeviceObject = device;
  object->ReadAccess = object->WriteAccess = TRUE;
  object->SharedRead = object->SharedWrite = TRUE;
  object->Flags = FO_HANDLE_CREATED;
  object->IrpList.Flink = object->IrpList.Blink = &object->IrpList;
  init_event(&object->Lock, SynchronizationEvent, false);
  init_event(&object->Event, NotificationEvent, false);
  *file = {nullptr, object, device, handle, kernel_mode, FileState::opening, 1};
  *files_end = file;
  files_end = &file->next;
  ++device->ReferenceCount;
  return file;
}

void free_file(File* file) {
  file->state = FileState::gone;
  mach_pool_free(file->object, 0, nullptr);
  --file->device->ReferenceCount;
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

/* The create request is done: the handle is good, or nobody ever sees the file again. */
void after_create(IrpRecord* record, NTSTATUS status, ULONG_PTR) {
  auto* file = (File*)record->context;
  if (NT_SUCCESS(status))
    file->state = FileState::open;
  else
    drop(file, false);
}

void after_cleanup(IrpRecord* record, NTSTATUS, ULONG_PTR) {
  auto* file = (File*)record->context;
  file->object->Flags |= FO_CLEANUP_COMPLETE;
}

void fill_create(PIRP irp, PFILE_OBJECT object) {
  PIO_STACK_LOCATION location = next_location(irp);
  security.access.OriginalDesiredAccess = security.access.PreviouslyGrantedAccess =
      FILE_GENERIC_READ | FILE_GENERIC_WRITE;
  security.context = {&security.quality, &security.access, FILE_GENERIC_READ | FILE_GENERIC_WRITE, 0};
  location->Parameters.Create.SecurityContext = &security.context;
  location->Parameters.Create.Options = FILE_OPEN << 24;
  location->Parameters.Create.ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE;
  irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
  irp->Tail.Overlay.OriginalFileObject = object;
}

File* file_of_object(PFILE_OBJECT object) {
  for (File* file = files; file; file = file->next)
    if (file->object == object && file->state != FileState::gone) return file;
  return nullptr;
}

NTSTATUS may_open(PDEVICE_OBJECT device) {
  if (find_device(device)->deleting || (device->Flags & DO_DEVICE_INITIALIZING)) return STATUS_NO_SUCH_DEVICE;
  if ((device->Flags & DO_EXCLUSIVE) && device->ReferenceCount) return STATUS_ACCESS_DENIED;
  return STATUS_SUCCESS;
}

}  // namespace

void reset_file() {
  files = nullptr;
  files_end = &files;
}

File* first_file() {
  return files;
}

File* file_of_handle(m_u16 handle) {
  for (File* file = files; file; file = file->next)
    if (handle && file->handle == handle && file->state == FileState::open) return file;
  return nullptr;
}

NTSTATUS file_open(PDEVICE_OBJECT device, m_u16 handle, bool kernel_mode, m_u32 op, bool cancelled, File** result,
                   bool synchronous) {
  *result = nullptr;
  const NTSTATUS allowed = may_open(device);
  if (!NT_SUCCESS(allowed)) return allowed;
  File* file = make_file(device, handle, kernel_mode);
  file->synchronous = synchronous;
  if (synchronous) file->object->Flags |= FO_SYNCHRONOUS_IO;
  IrpRecord* record = make_request(device, file, IRP_MJ_CREATE, 0, op, kernel_mode);
  fill_create(record->irp, file->object);
  record->irp->Cancel = cancelled;
  record->context = file;
  record->done = after_create;
  *result = file;
  return send_request(device, record);
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
  const NTSTATUS status = nt::file_open(device, 0, true, 0, false, &file);
  if (status == STATUS_PENDING)
    mach_not_emulated("IoGetDeviceObjectPointer of a device that completes its create later");
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
