#include "emu/nt/device.h"
#include "tests/emu/nt/check.h"

namespace {

NTSTATUS open(const WCHAR* path, ULONG disposition, ULONG options, HANDLE* file, IO_STATUS_BLOCK* iosb,
              ULONG share = FILE_SHARE_READ, ULONG access = GENERIC_READ | FILE_READ_DATA | SYNCHRONIZE) {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, path);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, nullptr, nullptr);
  return ZwCreateFile(file, access, &attributes, iosb, nullptr, FILE_ATTRIBUTE_NORMAL, share, disposition,
                      options | FILE_SYNCHRONOUS_IO_NONALERT, nullptr, 0);
}

constexpr ULONG kReadWrite = FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE;

}  // namespace

TEST(file_in_memory) {
  HANDLE file;
  IO_STATUS_BLOCK iosb;
  CHECK(open(L"\\??\\C:\\Temp\\x.bin", FILE_OPEN, 0, &file, &iosb) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(open(L"\\??\\C:\\none\\x.bin", FILE_CREATE, 0, &file, &iosb) == STATUS_OBJECT_PATH_NOT_FOUND);
  CHECK(open(L"\\??\\C:\\Temp\\x.bin", FILE_CREATE, 0, &file, &iosb, 0, kReadWrite) == STATUS_SUCCESS);
  CHECK(iosb.Information == FILE_CREATED);
  char text[] = "hello", back[16] = {};
  CHECK(ZwWriteFile(file, nullptr, nullptr, nullptr, &iosb, text, 5, nullptr, nullptr) == STATUS_SUCCESS);
  CHECK(iosb.Information == 5);
  LARGE_INTEGER start = {};
  CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, back, sizeof back, &start, nullptr) == STATUS_SUCCESS);
  CHECK(iosb.Information == 5 && back[4] == 'o');
  /* It goes on where it was: at the end. */
  CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, back, sizeof back, nullptr, nullptr) == STATUS_END_OF_FILE);
  LARGE_INTEGER here;
  here.LowPart = FILE_USE_FILE_POINTER_POSITION;
  here.HighPart = -1;
  CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, back, sizeof back, &here, nullptr) == STATUS_END_OF_FILE);
  FILE_STANDARD_INFORMATION standard;
  CHECK(ZwQueryInformationFile(file, &iosb, &standard, sizeof standard, FileStandardInformation) == STATUS_SUCCESS);
  CHECK(standard.EndOfFile.QuadPart == 5 && !standard.Directory);
  CHECK(ZwQueryInformationFile(file, &iosb, &standard, 4, FileStandardInformation) == STATUS_INFO_LENGTH_MISMATCH);
  FILE_POSITION_INFORMATION position;
  CHECK(ZwQueryInformationFile(file, &iosb, &position, sizeof position, FilePositionInformation) == STATUS_SUCCESS);
  CHECK(position.CurrentByteOffset.QuadPart == 5);
  FILE_END_OF_FILE_INFORMATION end = {};
  end.EndOfFile.QuadPart = 1ll << 35;
  CHECK(ZwSetInformationFile(file, &iosb, &end, sizeof end, FileEndOfFileInformation) == STATUS_SUCCESS);
  start.QuadPart = 1ll << 34;
  CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, back, 4, &start, nullptr) == STATUS_SUCCESS && back[0] == 0);
  CHECK(ZwWriteFile(file, nullptr, nullptr, nullptr, &iosb, back, 4, &start, nullptr) == STATUS_DISK_FULL);
  HANDLE second;
  CHECK(open(L"\\Device\\HarddiskVolume1\\TEMP\\X.BIN", FILE_OPEN, 0, &second, &iosb) == STATUS_SHARING_VIOLATION);
  CHECK(ZwClose(file) == STATUS_SUCCESS && ZwClose(file) == STATUS_INVALID_HANDLE);
  CHECK(open(L"\\Device\\HarddiskVolume1\\TEMP\\X.BIN", FILE_OPEN, FILE_DIRECTORY_FILE, &file, &iosb) == STATUS_NOT_A_DIRECTORY);
  CHECK(open(L"\\??\\C:\\Temp\\x.bin", FILE_OPEN, FILE_DELETE_ON_CLOSE, &file, &iosb, FILE_SHARE_READ, DELETE | SYNCHRONIZE) ==
        STATUS_SUCCESS);
  CHECK(ZwClose(file) == STATUS_SUCCESS);
  CHECK(open(L"\\??\\C:\\Temp\\x.bin", FILE_OPEN, 0, &file, &iosb) == STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(file_seeds_and_folders) {
  const nt_seed_file seeds[] = {{"C:\\data\\a.txt", "abc", 3}, {}};
  nt_seed(nullptr, seeds);
  HANDLE folder, file;
  IO_STATUS_BLOCK iosb;
  CHECK(open(L"\\SystemRoot\\System32", FILE_OPEN, FILE_DIRECTORY_FILE, &folder, &iosb) == STATUS_SUCCESS);
  CHECK(ZwClose(folder) == STATUS_SUCCESS);
  CHECK(open(L"\\??\\C:\\data", FILE_OPEN, FILE_DIRECTORY_FILE, &folder, &iosb, FILE_SHARE_READ) == STATUS_SUCCESS);
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"a.txt");
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, folder, nullptr);
  CHECK(ZwOpenFile(&file, FILE_READ_DATA | SYNCHRONIZE, &attributes, &iosb, FILE_SHARE_READ, FILE_SYNCHRONOUS_IO_NONALERT) ==
        STATUS_SUCCESS);
  char back[4] = {};
  CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, back, 4, nullptr, nullptr) == STATUS_SUCCESS);
  CHECK(iosb.Information == 3 && back[2] == 'c');
  CHECK(ZwClose(folder) == STATUS_SUCCESS && ZwClose(file) == STATUS_SUCCESS);
}

TEST(file_misuse) {
  HANDLE file;
  IO_STATUS_BLOCK iosb;
  char byte;
  CHECK(ZwReadFile((HANDLE)0x4444, nullptr, nullptr, nullptr, &iosb, &byte, 1, nullptr, nullptr) == STATUS_INVALID_HANDLE);
  HANDLE event;
  CHECK(ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE) == STATUS_SUCCESS);
  CHECK(ZwReadFile(event, nullptr, nullptr, nullptr, &iosb, &byte, 1, nullptr, nullptr) == STATUS_OBJECT_TYPE_MISMATCH);
  CHECK(open(L"\\??\\C:\\x", 99, 0, &file, &iosb) == STATUS_INVALID_PARAMETER);
  CHECK(open(L"\\??\\C:\\x", FILE_CREATE, FILE_SYNCHRONOUS_IO_ALERT, &file, &iosb) == STATUS_INVALID_PARAMETER);
  CHECK(open(L"\\??\\C:\\x", FILE_CREATE, FILE_DELETE_ON_CLOSE, &file, &iosb) == STATUS_INVALID_PARAMETER);
  CHECK(open(L"\\Device\\Nothing\\x", FILE_OPEN, 0, &file, &iosb) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(open(L"x", FILE_OPEN, 0, &file, &iosb) == STATUS_OBJECT_PATH_SYNTAX_BAD);
  /* Without OBJ_KERNEL_HANDLE it is a handle of this process all the same. */
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"\\??\\C:\\Temp");
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
  CHECK(ZwOpenFile(&file, FILE_READ_DATA, &attributes, &iosb, FILE_SHARE_READ, 0) == STATUS_SUCCESS);
  CHECK((ULONG_PTR)file < 0x80000000ull);
  CHECK(ZwClose(file) == STATUS_SUCCESS);
}

/* --- the driver's own device -------------------------------------------------------------------------------------------- */

namespace {

PIRP kept;
ULONG cleanups, closes;
WCHAR last_name[16];

NTSTATUS NTAPI dispatch(PDEVICE_OBJECT, PIRP irp) {
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
  NTSTATUS status = STATUS_SUCCESS;
  ULONG_PTR information = 0;
  switch (location->MajorFunction) {
    case IRP_MJ_CREATE:
      __builtin_memset(last_name, 0, sizeof last_name);
      if (location->FileObject->FileName.Length < sizeof last_name && location->FileObject->FileName.Length)
        __builtin_memcpy(last_name, location->FileObject->FileName.Buffer, location->FileObject->FileName.Length);
      if (last_name[1] == L'r') { /* "\redirect": the name is replaced */
        const WCHAR to[] = L"\\Device\\Own\\there";
        ExFreePool(location->FileObject->FileName.Buffer);
        location->FileObject->FileName.Buffer = (PWSTR)ExAllocatePoolWithTag(PagedPool, sizeof to, 'tseT');
        location->FileObject->FileName.Length = sizeof to - sizeof(WCHAR);
        location->FileObject->FileName.MaximumLength = sizeof to;
        __builtin_memcpy(location->FileObject->FileName.Buffer, to, sizeof to);
        status = STATUS_REPARSE;
        information = IO_REPARSE;
      }
      break;
    case IRP_MJ_CLEANUP:
      ++cleanups;
      break;
    case IRP_MJ_CLOSE:
      ++closes;
      break;
    case IRP_MJ_READ:
      IoMarkIrpPending(irp);
      kept = irp;
      return STATUS_PENDING;
    case IRP_MJ_DEVICE_CONTROL:
      if (location->Parameters.DeviceIoControl.OutputBufferLength < 4) {
        status = STATUS_BUFFER_TOO_SMALL;
      } else {
        ++*(ULONG*)irp->AssociatedIrp.SystemBuffer;
        information = 4;
      }
      break;
    default:
      status = STATUS_INVALID_DEVICE_REQUEST;
  }
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  for (PDRIVER_DISPATCH& routine : driver->MajorFunction) routine = dispatch;
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"\\Device\\Own");
  PDEVICE_OBJECT device;
  CHECK(IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
  device->Flags |= DO_BUFFERED_IO;
  cleanups = closes = 0;
  kept = nullptr;
  return STATUS_SUCCESS;
}

void NTAPI complete_later(PVOID) {
  while (!kept) {
    LARGE_INTEGER soon = milliseconds(1);
    KeDelayExecutionThread(KernelMode, FALSE, &soon);
  }
  *(char*)kept->AssociatedIrp.SystemBuffer = 'z';
  kept->IoStatus.Status = STATUS_SUCCESS;
  kept->IoStatus.Information = 1;
  IoCompleteRequest(kept, IO_NO_INCREMENT);
}

}  // namespace

TEST(file_on_own_device) {
  CHECK(nt_load((void*)entry, "own") == 0);
  HANDLE file;
  IO_STATUS_BLOCK iosb;
  CHECK(open(L"\\Device\\Own\\here", FILE_OPEN, 0, &file, &iosb) == STATUS_SUCCESS && last_name[1] == L'h');
  ULONG value = 41, small = 0;
  constexpr ULONG kCode = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS);
  CHECK(ZwDeviceIoControlFile(file, nullptr, nullptr, nullptr, &iosb, kCode, &value, 4, &value, 4) == STATUS_SUCCESS);
  CHECK(value == 42 && iosb.Information == 4);
  CHECK(ZwDeviceIoControlFile(file, nullptr, nullptr, nullptr, &iosb, kCode, &value, 4, &small, 2) == STATUS_BUFFER_TOO_SMALL);
  PVOID object;
  CHECK(ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode, &object, nullptr) == STATUS_SUCCESS);
  CHECK(ObReferenceObjectByHandle(file, 0, *ExEventObjectType, KernelMode, &object, nullptr) == STATUS_OBJECT_TYPE_MISMATCH);
  CHECK(object == nullptr);
  CHECK(ObReferenceObjectByHandle(file, 0, nullptr, KernelMode, &object, nullptr) == STATUS_SUCCESS);
  CHECK(IoGetRelatedDeviceObject((PFILE_OBJECT)object)->DriverObject == nt::driver_object());
  ObDereferenceObject(object);
  CHECK(ZwClose(file) == STATUS_SUCCESS && cleanups == 1 && closes == 0);
  ObDereferenceObject(object);
  LARGE_INTEGER soon = milliseconds(1);
  KeDelayExecutionThread(KernelMode, FALSE, &soon);
  CHECK(closes == 1);
}

TEST(file_reparse) {
  CHECK(nt_load((void*)entry, "own") == 0);
  HANDLE file;
  IO_STATUS_BLOCK iosb;
  CHECK(open(L"\\Device\\Own\\redirect", FILE_OPEN, 0, &file, &iosb) == STATUS_SUCCESS && last_name[1] == L't');
  CHECK(ZwClose(file) == STATUS_SUCCESS && cleanups == 1 && closes == 1);
}

/* A synchronous file waits for its request, others signal an event. */
TEST(file_pending_read) {
  CHECK(nt_load((void*)entry, "own") == 0);
  HANDLE file, event;
  IO_STATUS_BLOCK iosb = {};
  char byte = 0;
  CHECK(open(L"\\Device\\Own", FILE_OPEN, 0, &file, &iosb) == STATUS_SUCCESS);
  void* thread = start_thread(complete_later, nullptr);
  CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, &byte, 1, nullptr, nullptr) == STATUS_SUCCESS);
  CHECK(byte == 'z' && iosb.Information == 1);
  join(thread);
  CHECK(ZwClose(file) == STATUS_SUCCESS);
  kept = nullptr;
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"\\Device\\Own");
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
  CHECK(ZwOpenFile(&file, FILE_READ_DATA, &attributes, &iosb, 0, 0) == STATUS_SUCCESS);
  CHECK(ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, TRUE) == STATUS_SUCCESS);
  CHECK(ZwReadFile(file, event, nullptr, nullptr, &iosb, &byte, 1, nullptr, nullptr) == STATUS_INVALID_PARAMETER);
  LARGE_INTEGER start = {};
  byte = 0;
  CHECK(ZwReadFile(file, event, nullptr, nullptr, &iosb, &byte, 1, &start, nullptr) == STATUS_PENDING);
  thread = start_thread(complete_later, nullptr);
  CHECK(ZwWaitForSingleObject(event, FALSE, nullptr) == STATUS_SUCCESS);
  CHECK(byte == 'z' && iosb.Status == STATUS_SUCCESS && iosb.Information == 1);
  join(thread);
  kept = nullptr;
  CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, &byte, 1, &start, nullptr) == STATUS_PENDING);
  thread = start_thread(complete_later, nullptr);
  CHECK(ZwWaitForSingleObject(file, FALSE, nullptr) == STATUS_SUCCESS && iosb.Information == 1);
  join(thread);
  CHECK(ZwClose(file) == STATUS_SUCCESS && ZwClose(event) == STATUS_SUCCESS);
}
