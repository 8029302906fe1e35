/* A small file system in memory: the volume behind C: and \SystemRoot. It has the folders of a fresh machine and the files
 * of driver.toml, and is gone with the run. Every request is completed at once. */
#include "emu/nt/memory_file.h"

#include "emu/nt/device.h"
#include "emu/nt/irp.h"
#include "emu/nt/mdl.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/out_buffer.h"
#include "emu/nt/seed.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

/* A file may be of any size, as if it were sparse; what is written has to lie below this. */
constexpr m_u64 kStoredBytes = 1 << 20;
constexpr m_u64 kVolumeBytes = 1ull << 40;
constexpr ULONG kCluster = 4096;
constexpr ULONG kSector = 512;

struct Node {
  Node* next;
  UNICODE_STRING path; /* with its backslash; the root's is empty */
  bool directory;
  bool delete_pending;
  bool deleted;
  ULONG attributes;
  LONG opens;
  SHARE_ACCESS share;
  m_u64 size;
  m_u64 stored; /* bytes at `data` that count; what is behind reads as zeros */
  m_u64 capacity;
  char* data;
  m_u64 number;
};

/* One open of a node. */
struct Open {
  Node* node;
  ULONG access;
  bool delete_on_close;
};

PDEVICE_OBJECT volume;
Node* nodes;
m_u64 last_number;

void* zeroed(SIZE_T size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

bool same(const UNICODE_STRING& a, const UNICODE_STRING& b) {
  if (a.Length != b.Length) return false;
  for (ULONG i = 0; i < a.Length / sizeof(WCHAR); ++i)
    if (upcase(a.Buffer[i]) != upcase(b.Buffer[i])) return false;
  return true;
}

UNICODE_STRING literal(const WCHAR* text) {
  const auto bytes = (USHORT)(text_length(text) * sizeof(WCHAR));
  return {bytes, bytes, (PWSTR)text};
}

UNICODE_STRING without_backslashes_at_end(UNICODE_STRING path) {
  while (path.Length && path.Buffer[path.Length / sizeof(WCHAR) - 1] == L'\\') path.Length -= sizeof(WCHAR);
  return path;
}

Node* find(UNICODE_STRING path) {
  path = without_backslashes_at_end(path);
  for (Node* node = nodes; node; node = node->next)
    if (!node->deleted && same(node->path, path)) return node;
  return nullptr;
}

UNICODE_STRING parent_of(UNICODE_STRING path) {
  path = without_backslashes_at_end(path);
  while (path.Length && path.Buffer[path.Length / sizeof(WCHAR) - 1] != L'\\') path.Length -= sizeof(WCHAR);
  return without_backslashes_at_end(path);
}

Node* add(UNICODE_STRING path, bool directory) {
  path = without_backslashes_at_end(path);
  auto* node = (Node*)zeroed(sizeof(Node));
  node->path = {path.Length, path.Length, (PWSTR)zeroed(path.Length + sizeof(WCHAR))};
  if (path.Length) __builtin_memcpy(node->path.Buffer, path.Buffer, path.Length);
  node->directory = directory;
  node->attributes = directory ? FILE_ATTRIBUTE_DIRECTORY : FILE_ATTRIBUTE_ARCHIVE;
  node->number = ++last_number;
  node->next = nodes;
  return nodes = node;
}

void add_with_parents(UNICODE_STRING path, bool directory) {
  if (find(path)) return;
  if (path.Length) add_with_parents(parent_of(path), true);
  add(path, directory);
}

/* --- contents ---------------------------------------------------------------------------------------------------------- */

bool reserve(Node* node, m_u64 bytes) {
  if (bytes > kStoredBytes) return false;
  if (bytes <= node->capacity) return true;
  m_u64 capacity = node->capacity ? node->capacity : kCluster;
  while (capacity < bytes) capacity *= 2;
  auto* data = (char*)mach_pool_alloc(capacity, 'eliF', MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  if (node->stored) __builtin_memcpy(data, node->data, node->stored);
  if (node->data) mach_pool_free(node->data, 0, nullptr);
  node->data = data;
  node->capacity = capacity;
  return true;
}

NTSTATUS write(Node* node, m_u64 offset, const void* bytes, ULONG count) {
  if (offset + count < offset || !reserve(node, offset + count)) return STATUS_DISK_FULL;
  if (offset > node->stored) __builtin_memset(node->data + node->stored, 0, offset - node->stored);
  if (count) __builtin_memcpy(node->data + offset, bytes, count);
  if (offset + count > node->stored) node->stored = offset + count;
  if (node->stored > node->size) node->size = node->stored;
  return STATUS_SUCCESS;
}

ULONG read(const Node* node, m_u64 offset, void* bytes, ULONG count) {
  if (offset >= node->size) return 0;
  if (count > node->size - offset) count = (ULONG)(node->size - offset);
  const m_u64 known = offset < node->stored ? node->stored - offset : 0;
  const ULONG copied = known < count ? (ULONG)known : count;
  if (copied) __builtin_memcpy(bytes, node->data + offset, copied);
  __builtin_memset((char*)bytes + copied, 0, count - copied);
  return count;
}

NTSTATUS resize(Node* node, LONGLONG size) {
  if (size < 0) return STATUS_INVALID_PARAMETER;
  if ((m_u64)size > kVolumeBytes) return STATUS_DISK_FULL;
  if ((m_u64)size < node->stored) node->stored = size;
  node->size = size;
  return STATUS_SUCCESS;
}

/* --- what was there before ---------------------------------------------------------------------------------------------- */

UNICODE_STRING path_of_seed(const char* path) {
  if (path[0] && path[1] == ':') path += 2; /* there is one drive */
  const SIZE_T length = text_length(path);
  const auto bytes = (USHORT)(length * sizeof(WCHAR));
  UNICODE_STRING wide = {bytes, bytes, (PWSTR)zeroed(bytes + sizeof(WCHAR))};
  for (SIZE_T i = 0; i < length; ++i) wide.Buffer[i] = path[i] == '/' ? L'\\' : widen(path[i]);
  return wide;
}

void plant_files() {
  const WCHAR* const folders[] = {L"", L"\\Temp", L"\\Windows\\Temp", L"\\Windows\\System32\\drivers"};
  for (const WCHAR* folder : folders) add_with_parents(literal(folder), true);
  for (const nt_seed_file* seed = seeded_files(); seed && seed->path; ++seed) {
    const UNICODE_STRING path = path_of_seed(seed->path);
    add_with_parents(path, false);
    write(find(path), 0, seed->data, seed->size);
  }
}

void make_volume() {
  PDRIVER_OBJECT driver = make_driver_object("wdmfuzzfs");
  for (PDRIVER_DISPATCH& routine : driver->MajorFunction) routine = memory_file_dispatch;
  create_device(driver, 0, nullptr, FILE_DEVICE_DISK_FILE_SYSTEM, 0, false, &volume);
  volume->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
  volume->SectorSize = kSector;
  const UNICODE_STRING device = literal(L"\\Device\\HarddiskVolume1"), drive = literal(L"\\??\\C:");
  const UNICODE_STRING windows = literal(L"\\Device\\HarddiskVolume1\\Windows"), root = literal(L"\\SystemRoot");
  add_name(&device, volume, nullptr);
  add_name(&drive, nullptr, &device);
  add_name(&root, nullptr, &windows);
}

/* --- create, cleanup, close ---------------------------------------------------------------------------------------------- */

struct Result {
  NTSTATUS status;
  ULONG_PTR information;
};

UNICODE_STRING full_path(PFILE_OBJECT file) {
  if (!file->RelatedFileObject) return file->FileName;
  const UNICODE_STRING& base = ((Open*)file->RelatedFileObject->FsContext2)->node->path;
  const auto bytes = (USHORT)(base.Length + sizeof(WCHAR) + file->FileName.Length);
  UNICODE_STRING whole = {bytes, bytes, (PWSTR)zeroed(bytes)};
  __builtin_memcpy(whole.Buffer, base.Buffer, base.Length);
  whole.Buffer[base.Length / sizeof(WCHAR)] = L'\\';
  __builtin_memcpy((char*)whole.Buffer + base.Length + sizeof(WCHAR), file->FileName.Buffer, file->FileName.Length);
  return whole;
}

/* What the create request asks for a node that exists. */
NTSTATUS may_open(const Node* node, ULONG disposition, ULONG options) {
  if (node->delete_pending) return STATUS_DELETE_PENDING;
  if (disposition == FILE_CREATE) return STATUS_OBJECT_NAME_COLLISION;
  if (node->directory && (options & FILE_NON_DIRECTORY_FILE)) return STATUS_FILE_IS_A_DIRECTORY;
  if (!node->directory && (options & FILE_DIRECTORY_FILE)) return STATUS_NOT_A_DIRECTORY;
  const bool replaces = disposition == FILE_SUPERSEDE || disposition == FILE_OVERWRITE || disposition == FILE_OVERWRITE_IF;
  if (node->directory && replaces) return STATUS_OBJECT_NAME_COLLISION;
  return STATUS_SUCCESS;
}

Result open_existing(Node* node, PFILE_OBJECT file, PIO_STACK_LOCATION location, ULONG disposition, ULONG options) {
  const NTSTATUS allowed = may_open(node, disposition, options);
  if (!NT_SUCCESS(allowed)) return {allowed, 0};
  const ACCESS_MASK access = location->Parameters.Create.SecurityContext->DesiredAccess;
  const ULONG share = location->Parameters.Create.ShareAccess;
  if (node->opens) {
    const NTSTATUS shared = check_share_access(access, share, file, &node->share, true);
    if (!NT_SUCCESS(shared)) return {shared, 0};
  } else {
    set_share_access(access, share, file, &node->share);
  }
  if (disposition == FILE_OPEN || disposition == FILE_OPEN_IF) return {STATUS_SUCCESS, FILE_OPENED};
  resize(node, 0);
  return {STATUS_SUCCESS, disposition == FILE_SUPERSEDE ? (ULONG_PTR)FILE_SUPERSEDED : (ULONG_PTR)FILE_OVERWRITTEN};
}

Result create_new(UNICODE_STRING path, PFILE_OBJECT file, PIO_STACK_LOCATION location, ULONG disposition, ULONG options,
                  Node** node) {
  const Node* parent = find(parent_of(path));
  if (!parent || !parent->directory) return {STATUS_OBJECT_PATH_NOT_FOUND, 0};
  if (disposition == FILE_OPEN || disposition == FILE_OVERWRITE) return {STATUS_OBJECT_NAME_NOT_FOUND, 0};
  *node = add(path, options & FILE_DIRECTORY_FILE);
  set_share_access(location->Parameters.Create.SecurityContext->DesiredAccess, location->Parameters.Create.ShareAccess,
                   file, &(*node)->share);
  return {STATUS_SUCCESS, FILE_CREATED};
}

Result create(PIO_STACK_LOCATION location) {
  PFILE_OBJECT file = location->FileObject;
  const ULONG disposition = location->Parameters.Create.Options >> 24, options = location->Parameters.Create.Options & 0xffffff;
  const UNICODE_STRING path = full_path(file);
  Node* node = find(path);
  const Result result = node ? open_existing(node, file, location, disposition, options)
                             : create_new(path, file, location, disposition, options, &node);
  if (!NT_SUCCESS(result.status)) return result;
  auto* opened = (Open*)zeroed(sizeof(Open));
  *opened = {node, location->Parameters.Create.SecurityContext->DesiredAccess, (options & FILE_DELETE_ON_CLOSE) != 0};
  ++node->opens;
  file->FsContext = node;
  file->FsContext2 = opened;
  return result;
}

bool has_children(const Node* directory) {
  for (const Node* node = nodes; node; node = node->next)
    if (!node->deleted && node != directory && same(parent_of(node->path), directory->path)) return true;
  return false;
}

Result clean_up(PFILE_OBJECT file, Open* opened) {
  Node* node = opened->node;
  remove_share_access(file, &node->share);
  if (opened->delete_on_close) node->delete_pending = true;
  if (--node->opens == 0 && node->delete_pending && !(node->directory && has_children(node))) node->deleted = true;
  return {STATUS_SUCCESS, 0};
}

/* --- transfers ----------------------------------------------------------------------------------------------------------- */

void* buffer_of(PIRP irp) {
  if (irp->MdlAddress) return kernel_alias((char*)irp->MdlAddress->StartVa + irp->MdlAddress->ByteOffset);
  if (irp->AssociatedIrp.SystemBuffer) return irp->AssociatedIrp.SystemBuffer;
  return kernel_alias(irp->UserBuffer);
}

/* Where the transfer begins: for synchronous files the special offsets mean the current position and the end. */
m_u64 offset_of(PFILE_OBJECT file, const Node* node, LARGE_INTEGER offset) {
  if (offset.HighPart == -1 && offset.LowPart == FILE_WRITE_TO_END_OF_FILE) return node->size;
  if (offset.HighPart == -1 && offset.LowPart == FILE_USE_FILE_POINTER_POSITION) return file->CurrentByteOffset.QuadPart;
  return offset.QuadPart;
}

void advance(PFILE_OBJECT file, m_u64 to) {
  if (file->Flags & FO_SYNCHRONOUS_IO) file->CurrentByteOffset.QuadPart = (LONGLONG)to;
}

Result do_read(PIRP irp, PIO_STACK_LOCATION location, Node* node) {
  if (node->directory) return {STATUS_INVALID_DEVICE_REQUEST, 0};
  const ULONG length = location->Parameters.Read.Length;
  const m_u64 offset = offset_of(location->FileObject, node, location->Parameters.Read.ByteOffset);
  if (length == 0) return {STATUS_SUCCESS, 0};
  if (offset >= node->size) return {STATUS_END_OF_FILE, 0};
  const ULONG count = read(node, offset, buffer_of(irp), length);
  advance(location->FileObject, offset + count);
  return {STATUS_SUCCESS, count};
}

Result do_write(PIRP irp, PIO_STACK_LOCATION location, Node* node) {
  if (node->directory) return {STATUS_INVALID_DEVICE_REQUEST, 0};
  const ULONG length = location->Parameters.Write.Length;
  const m_u64 offset = offset_of(location->FileObject, node, location->Parameters.Write.ByteOffset);
  const NTSTATUS status = length ? write(node, offset, buffer_of(irp), length) : STATUS_SUCCESS;
  if (!NT_SUCCESS(status)) return {status, 0};
  advance(location->FileObject, offset + length);
  return {STATUS_SUCCESS, length};
}

/* --- information --------------------------------------------------------------------------------------------------------- */

m_u64 allocated(const Node* node) {
  return (node->size + kCluster - 1) / kCluster * kCluster;
}

void put_basic(OutBuffer& out, const Node* node) {
  for (int i = 0; i < 4; ++i) out.put_u64(0); /* the times: when the machine was made */
  out.put_ulong(node->attributes).put_ulong(0);
}

void put_standard(OutBuffer& out, const Node* node) {
  out.put_u64(allocated(node)).put_u64(node->size).put_ulong(1);
  const m_u8 flags[4] = {node->delete_pending, node->directory, 0, 0};
  out.put(flags, sizeof flags);
}

void put_name(OutBuffer& out, const Node* node) {
  out.put_ulong(node->path.Length ? node->path.Length : sizeof(WCHAR)).fixed();
  if (node->path.Length)
    out.put(node->path.Buffer, node->path.Length);
  else
    out.put(L"\\", sizeof(WCHAR));
}

void put_all(OutBuffer& out, PFILE_OBJECT file, const Node* node) {
  put_basic(out, node);
  put_standard(out, node);
  out.put_u64(node->number).put_ulong(0).put_ulong(((const Open*)file->FsContext2)->access);
  out.put_u64(file->CurrentByteOffset.QuadPart).put_ulong(0).put_ulong(0);
  put_name(out, node);
}

void put_network_open(OutBuffer& out, const Node* node) {
  for (int i = 0; i < 4; ++i) out.put_u64(0);
  out.put_u64(allocated(node)).put_u64(node->size).put_ulong(node->attributes).put_ulong(0);
}

bool put_information(OutBuffer& out, PFILE_OBJECT file, const Node* node, ULONG information_class) {
  switch (information_class) {
    case FileBasicInformation: return put_basic(out, node), true;
    case FileStandardInformation: return put_standard(out, node), true;
    case FileInternalInformation: return out.put_u64(node->number), true;
    case FileEaInformation: return out.put_ulong(0), true;
    case FilePositionInformation: return out.put_u64(file->CurrentByteOffset.QuadPart), true;
    case FileNameInformation: return put_name(out, node), true;
    case FileAllInformation: return put_all(out, file, node), true;
    case FileNetworkOpenInformation: return put_network_open(out, node), true;
    case FileAttributeTagInformation: return out.put_ulong(node->attributes).put_ulong(0), true;
    default: return false;
  }
}

Result query_information(PIRP irp, PIO_STACK_LOCATION location, Node* node) {
  const ULONG length = location->Parameters.QueryFile.Length;
  OutBuffer out(irp->AssociatedIrp.SystemBuffer, length);
  if (!put_information(out, location->FileObject, node, location->Parameters.QueryFile.FileInformationClass))
    return {STATUS_INVALID_PARAMETER, 0};
  const NTSTATUS status = out.status();
  if (status == STATUS_BUFFER_TOO_SMALL) return {status, 0};
  return {status, out.needed() < length ? out.needed() : length};
}

NTSTATUS set_disposition(Node* node, bool deletes) {
  if (deletes && node->directory && has_children(node)) return STATUS_DIRECTORY_NOT_EMPTY;
  if (deletes && !node->path.Length) return STATUS_CANNOT_DELETE;
  node->delete_pending = deletes;
  return STATUS_SUCCESS;
}

Result set_information(PIRP irp, PIO_STACK_LOCATION location, Node* node) {
  const void* data = irp->AssociatedIrp.SystemBuffer;
  switch (location->Parameters.SetFile.FileInformationClass) {
    case FileBasicInformation:
      if (const ULONG attributes = ((const FILE_BASIC_INFORMATION*)data)->FileAttributes)
        node->attributes = (attributes & ~(ULONG)FILE_ATTRIBUTE_NORMAL) | (node->directory ? FILE_ATTRIBUTE_DIRECTORY : 0);
      return {STATUS_SUCCESS, 0};
    case FileDispositionInformation:
      return {set_disposition(node, ((const FILE_DISPOSITION_INFORMATION*)data)->DeleteFile), 0};
    case FileEndOfFileInformation:
      if (node->directory) return {STATUS_INVALID_DEVICE_REQUEST, 0};
      return {resize(node, ((const FILE_END_OF_FILE_INFORMATION*)data)->EndOfFile.QuadPart), 0};
    case FileAllocationInformation: {
      const LONGLONG bytes = *(const LONGLONG*)data;
      if (bytes < 0) return {STATUS_INVALID_PARAMETER, 0};
      return {(m_u64)bytes < node->size ? resize(node, bytes) : STATUS_SUCCESS, 0};
    }
    case FilePositionInformation:
      location->FileObject->CurrentByteOffset = ((const FILE_POSITION_INFORMATION*)data)->CurrentByteOffset;
      return {STATUS_SUCCESS, 0};
    case FileRenameInformation:
    case FileLinkInformation:
      mach_not_emulated("renaming and linking files in memory");
    default:
      return {STATUS_INVALID_PARAMETER, 0};
  }
}

Result query_volume(PIRP irp, PIO_STACK_LOCATION location) {
  OutBuffer out(irp->AssociatedIrp.SystemBuffer, location->Parameters.QueryVolume.Length);
  const m_u64 clusters = kVolumeBytes / kCluster;
  const ULONG sectors = kCluster / kSector;
  switch (location->Parameters.QueryVolume.FsInformationClass) {
    case FileFsSizeInformation:
      out.put_u64(clusters).put_u64(clusters).put_ulong(sectors).put_ulong(kSector);
      break;
    case FileFsFullSizeInformation:
      out.put_u64(clusters).put_u64(clusters).put_u64(clusters).put_ulong(sectors).put_ulong(kSector);
      break;
    case FileFsDeviceInformation:
      out.put_ulong(FILE_DEVICE_DISK).put_ulong(0);
      break;
    default:
      return {STATUS_INVALID_PARAMETER, 0};
  }
  const NTSTATUS status = out.status();
  return {status, status == STATUS_SUCCESS ? out.needed() : 0};
}

/* --- dispatch ------------------------------------------------------------------------------------------------------------- */

Result handle(PIRP irp, PIO_STACK_LOCATION location) {
  if (location->MajorFunction == IRP_MJ_CREATE) return create(location);
  PFILE_OBJECT file = location->FileObject;
  if (!file || !file->FsContext) return {STATUS_INVALID_DEVICE_REQUEST, 0};
  auto* node = (Node*)file->FsContext;
  switch (location->MajorFunction) {
    case IRP_MJ_CLEANUP: return clean_up(file, (Open*)file->FsContext2);
    case IRP_MJ_CLOSE:
    case IRP_MJ_FLUSH_BUFFERS: return {STATUS_SUCCESS, 0};
    case IRP_MJ_READ: return do_read(irp, location, node);
    case IRP_MJ_WRITE: return do_write(irp, location, node);
    case IRP_MJ_QUERY_INFORMATION: return query_information(irp, location, node);
    case IRP_MJ_SET_INFORMATION: return set_information(irp, location, node);
    case IRP_MJ_QUERY_VOLUME_INFORMATION: return query_volume(irp, location);
    case IRP_MJ_DIRECTORY_CONTROL: mach_not_emulated("listing folders of files in memory");
    case IRP_MJ_LOCK_CONTROL: mach_not_emulated("byte range locks of files in memory");
    default: return {STATUS_INVALID_DEVICE_REQUEST, 0}; /* as FAT says to what it does not know */
  }
}

}  // namespace

void reset_memory_file() {
  volume = nullptr;
  nodes = nullptr;
  last_number = 0;
}

bool is_memory_file(const FILE_OBJECT* file) {
  return volume && file->DeviceObject == volume && file->FsContext && !((const Node*)file->FsContext)->directory;
}

m_u64 memory_file_size(const FILE_OBJECT* file) {
  return ((const Node*)file->FsContext)->size;
}

void memory_file_read(const FILE_OBJECT* file, void* out, ULONG bytes) {
  read((const Node*)file->FsContext, 0, out, bytes);
}

void make_memory_volume() {
  if (volume) return;
  make_volume();
  plant_files();
}

NTSTATUS NTAPI memory_file_dispatch(PDEVICE_OBJECT, PIRP irp) {
  const Result result = handle(irp, current_location(irp));
  return finish_irp(irp, result.status, result.information);
}

}  // namespace nt
