#include "emu/nt/bus.h"
#include "emu/nt/device.h"
#include "tests/emu/nt/check.h"

namespace {

ULONG begun, ended;

VOID NTAPI count_threads(HANDLE, HANDLE, BOOLEAN create) {
  ++(create ? begun : ended);
}

void NTAPI nothing(PVOID) {}

VOID NTAPI about_processes(HANDLE, HANDLE, BOOLEAN) {}
VOID NTAPI about_images(PUNICODE_STRING, HANDLE, PIMAGE_INFO) {}

}  // namespace

TEST(notify_routines) {
  begun = ended = 0;
  CHECK(PsRemoveCreateThreadNotifyRoutine(count_threads) == STATUS_PROCEDURE_NOT_FOUND);
  CHECK(PsSetCreateThreadNotifyRoutine(count_threads) == STATUS_SUCCESS);
  join(start_thread(nothing, nullptr));
  CHECK(begun == 1 && ended == 1);
  CHECK(PsRemoveCreateThreadNotifyRoutine(count_threads) == STATUS_SUCCESS);
  join(start_thread(nothing, nullptr));
  CHECK(begun == 1 && ended == 1);
  CHECK(PsSetCreateProcessNotifyRoutine(about_processes, FALSE) == STATUS_SUCCESS);
  CHECK(PsSetCreateProcessNotifyRoutine(about_processes, FALSE) == STATUS_INVALID_PARAMETER);
  CHECK(PsSetCreateProcessNotifyRoutine(about_processes, TRUE) == STATUS_SUCCESS);
  CHECK(PsSetCreateProcessNotifyRoutine(about_processes, TRUE) == STATUS_PROCEDURE_NOT_FOUND);
  CHECK(PsSetLoadImageNotifyRoutine(about_images) == STATUS_SUCCESS);
  CHECK(PsRemoveLoadImageNotifyRoutine(about_images) == STATUS_SUCCESS);
}

TEST(event_tracing) {
  REGHANDLE provider = 0;
  EVENT_DESCRIPTOR event = {};
  const GUID id = {};
  CHECK(EtwRegister(&id, nullptr, nullptr, &provider) == STATUS_SUCCESS && provider);
  CHECK(!EtwEventEnabled(provider, &event) && !EtwProviderEnabled(provider, 0, 0));
  CHECK(EtwWrite(provider, &event, nullptr, 0, nullptr) == STATUS_SUCCESS);
  CHECK(EtwWriteString(provider, 0, 0, nullptr, L"x") == STATUS_SUCCESS);
  CHECK(EtwUnregister(provider) == STATUS_SUCCESS && EtwUnregister(provider) == STATUS_INVALID_HANDLE);
  CHECK(EtwWrite(provider, &event, nullptr, 0, nullptr) == STATUS_INVALID_HANDLE);
}

TEST(system_routines) {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"KeSetEvent");
  CHECK(MmGetSystemRoutineAddress(&name) == (PVOID)KeSetEvent);
  RtlInitUnicodeString(&name, L"NoSuchRoutine");
  CHECK(!MmGetSystemRoutineAddress(&name));
  RtlInitUnicodeString(&name, L"strlen");
  auto* length = (SIZE_T(*)(const char*))MmGetSystemRoutineAddress(&name);
  CHECK(length && length("abc") == 3);
}

TEST(named_events) {
  UNICODE_STRING name;
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
  HANDLE a, b;
  RtlInitUnicodeString(&name, L"\\KernelObjects\\HighMemoryCondition");
  CHECK(ZwOpenEvent(&a, EVENT_ALL_ACCESS, &attributes) == STATUS_SUCCESS);
  LARGE_INTEGER now = {};
  CHECK(ZwWaitForSingleObject(a, FALSE, &now) == STATUS_SUCCESS);
  RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\E");
  CHECK(ZwOpenEvent(&a, EVENT_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(ZwCreateEvent(&a, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE) == STATUS_SUCCESS);
  CHECK(ZwCreateEvent(&b, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE) == STATUS_OBJECT_NAME_COLLISION);
  attributes.Attributes |= OBJ_OPENIF;
  CHECK(ZwCreateEvent(&b, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE) == STATUS_OBJECT_NAME_EXISTS);
  LONG before;
  CHECK(ZwSetEvent(b, &before) == STATUS_SUCCESS && before == 0);
  CHECK(ZwWaitForSingleObject(a, FALSE, &now) == STATUS_SUCCESS);
  CHECK(ZwResetEvent(a, &before) == STATUS_SUCCESS && before == 1);
  CHECK(ZwWaitForSingleObject(b, FALSE, &now) == STATUS_TIMEOUT);
  CHECK(ZwClose(a) == STATUS_SUCCESS && NtClose(b) == STATUS_SUCCESS && NtClose(b) == STATUS_INVALID_HANDLE);
  CHECK(ZwOpenEvent(&a, EVENT_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND); /* the name went with it */
}

TEST(handle_of_an_object) {
  HANDLE thread_handle;
  CHECK(ObOpenObjectByPointer(PsGetCurrentThread(), OBJ_KERNEL_HANDLE, nullptr, 0, *PsThreadType, KernelMode, &thread_handle) ==
        STATUS_SUCCESS);
  PVOID object;
  CHECK(ObReferenceObjectByHandle(thread_handle, 0, *PsThreadType, KernelMode, &object, nullptr) == STATUS_SUCCESS);
  CHECK(object == PsGetCurrentThread());
  ObDereferenceObject(object);
  CHECK(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, nullptr, 0, *PsProcessType, KernelMode, &thread_handle) ==
        STATUS_OBJECT_TYPE_MISMATCH);
}

/* --- associated IRPs ---------------------------------------------------------------------------------------------------- */

namespace {

PDEVICE_OBJECT device;
bool master_done;

NTSTATUS NTAPI dispatch(PDEVICE_OBJECT, PIRP irp) {
  irp->IoStatus.Status = STATUS_SUCCESS;
  irp->IoStatus.Information = 0;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  for (PDRIVER_DISPATCH& routine : driver->MajorFunction) routine = dispatch;
  CHECK(IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI keep(PDEVICE_OBJECT, PIRP, PVOID) {
  master_done = true;
  return STATUS_MORE_PROCESSING_REQUIRED;
}

}  // namespace

TEST(associated_irps) {
  CHECK(nt_load((void*)entry, "own") == 0);
  master_done = false;
  PIRP master = IoAllocateIrp(2, FALSE);
  IoSetNextIrpStackLocation(master);
  IoSetCompletionRoutine(master, keep, nullptr, TRUE, TRUE, TRUE);
  IoSetNextIrpStackLocation(master);
  master->IoStatus.Status = STATUS_SUCCESS;
  master->AssociatedIrp.IrpCount = 2;
  for (int i = 0; i < 2; ++i) {
    PIRP part = IoMakeAssociatedIrp(master, 1);
    CHECK(part && part->AssociatedIrp.MasterIrp == master && (part->Flags & IRP_ASSOCIATED_IRP));
    IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_READ;
    CHECK(!master_done);
    CHECK(IoCallDriver(device, part) == STATUS_SUCCESS);
  }
  CHECK(master_done && master->AssociatedIrp.IrpCount == 0);
  IoFreeIrp(master);
  IoDeleteDevice(device);
}

TEST(device_that_is_not_made_is_null) {
  nt_load((void*)::entry, "own");
  PDEVICE_OBJECT made = device;
  mach_test_fail_next();
  CHECK(IoCreateDevice(nt::driver_object(), 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &made) ==
        STATUS_INSUFFICIENT_RESOURCES);
  CHECK(made == nullptr);
  IoDeleteDevice(device);
  mach_test_expect_stop("bug check 0X50");
  IoDeleteDevice(made);
}

TEST(device_of_the_bus_is_not_the_drivers_to_delete) {
  PDEVICE_OBJECT pdo = nt::bus_make_pdo();
  mach_test_expect_stop("bug check 0X18");
  IoDeleteDevice(pdo);
}

TEST(error_log) {
  PVOID entry = IoAllocateErrorLogEntry(nt::driver_object(), sizeof(IO_ERROR_LOG_PACKET));
  CHECK(!entry); /* of no object */
  CHECK(nt_load((void*)::entry, "own") == 0);
  entry = IoAllocateErrorLogEntry(device, sizeof(IO_ERROR_LOG_PACKET));
  CHECK(entry != nullptr && !IoAllocateErrorLogEntry(device, 4) && !IoAllocateErrorLogEntry(device, 255));
  IoWriteErrorLogEntry(entry);
  entry = IoAllocateErrorLogEntry(device, ERROR_LOG_MAXIMUM_SIZE);
  IoFreeErrorLogEntry(entry);
  IoDeleteDevice(device);
}

namespace {

VOID NTAPI note_run(PKDPC, PVOID context, PVOID, PVOID) {
  *(bool*)context = true;
}

}  // namespace

/* Small arguments come with anything in the rest of their registers. */
TEST(registers_of_small_arguments) {
  auto* raise = (m_u8(*)(m_u32, const void*))mach_raise_irql;
  auto* lower = (void (*)(m_u32, const void*))mach_lower_irql;
  bool run = false;
  KDPC dpc;
  KeInitializeDpc(&dpc, note_run, &run);
  CHECK(raise(0x7c6c0002, nullptr) == PASSIVE_LEVEL && mach_irql() == DISPATCH_LEVEL);
  KeSetTargetProcessorDpc(&dpc, (CCHAR)mach_cpu());
  KeInsertQueueDpc(&dpc, nullptr, nullptr);
  CHECK(!run);
  lower(0x7c6c0000, nullptr);
  CHECK(run && mach_irql() == PASSIVE_LEVEL);
}

TEST(top_level_irp) {
  IRP irp;
  CHECK(IoGetTopLevelIrp() == nullptr);
  IoSetTopLevelIrp(&irp);
  CHECK(IoGetTopLevelIrp() == &irp);
  IoSetTopLevelIrp(nullptr);
}

TEST(file_system_names) {
  const struct {
    const WCHAR *expression, *name;
    bool fits;
  } cases[] = {{L"*", L"anything", true},   {L"*.TXT", L"A.TXT", true},   {L"*.TXT", L"A.TX", false}, {L"A?C", L"ABC", true},
               {L"A?C", L"AC", false},      {L"A>>", L"A", true},         {L"<.C", L"A.B.C", true},   {L"A\"B", L"A.B", true},
               {L"A\"", L"A", true},        {L"", L"", true},             {L"A*B*C", L"AxxBxxC", true}, {L"A*B*C", L"AxxC", false}};
  for (const auto& each : cases) {
    UNICODE_STRING expression, name;
    RtlInitUnicodeString(&expression, each.expression);
    RtlInitUnicodeString(&name, each.name);
    CHECK(FsRtlIsNameInExpression(&expression, &name, FALSE, nullptr) == each.fits);
  }
  UNICODE_STRING lower, upper;
  RtlInitUnicodeString(&upper, L"*.TXT");
  RtlInitUnicodeString(&lower, L"a.txt");
  CHECK(!FsRtlIsNameInExpression(&upper, &lower, FALSE, nullptr) && FsRtlIsNameInExpression(&upper, &lower, TRUE, nullptr));
  CHECK(FsRtlDoesNameContainWildCards(&upper) && !FsRtlDoesNameContainWildCards(&lower));
  CHECK(FsRtlNormalizeNtstatus(STATUS_ACCESS_VIOLATION, STATUS_UNEXPECTED_IO_ERROR) == STATUS_UNEXPECTED_IO_ERROR);
  CHECK(FsRtlNormalizeNtstatus(STATUS_DISK_FULL, STATUS_UNEXPECTED_IO_ERROR) == STATUS_DISK_FULL);
}

TEST(oem_conversions) {
  WCHAR wide[4];
  char narrow[4];
  ULONG bytes;
  CHECK(RtlOemToUnicodeN(wide, sizeof wide, &bytes, "ab", 2) == STATUS_SUCCESS && bytes == 4 && wide[1] == L'b');
  CHECK(RtlOemToUnicodeN(wide, 2, &bytes, "ab", 2) == STATUS_BUFFER_OVERFLOW && bytes == 2);
  CHECK(RtlUpcaseUnicodeToOemN(narrow, sizeof narrow, &bytes, L"ab", 4) == STATUS_SUCCESS && bytes == 2 && narrow[1] == 'B');
  CHECK(RtlUnicodeToMultiByteSize(&bytes, L"abc", 6) == STATUS_SUCCESS && bytes == 3);
  UNICODE_STRING from, back = {};
  OEM_STRING oem = {};
  RtlInitUnicodeString(&from, L"text");
  CHECK(RtlUnicodeStringToCountedOemString(&oem, &from, TRUE) == STATUS_SUCCESS && oem.Length == 4 && oem.Buffer[3] == 't');
  CHECK(RtlOemStringToCountedUnicodeString(&back, &oem, TRUE) == STATUS_SUCCESS && RtlEqualUnicodeString(&from, &back, FALSE));
  RtlFreeOemString(&oem);
  RtlFreeUnicodeString(&back);
}

TEST(bitmap_runs) {
  ULONG bits = 0x000000f3; /* clear: 2..3 and 8..31 */
  RTL_BITMAP map;
  RtlInitializeBitMap(&map, &bits, 32);
  ULONG start;
  CHECK(RtlFindFirstRunClear(&map, &start) == 2 && start == 2);
  CHECK(RtlFindNextForwardRunClear(&map, 4, &start) == 24 && start == 8);
  CHECK(RtlFindLongestRunClear(&map, &start) == 24 && start == 8);
  CHECK(RtlFindLastBackwardRunClear(&map, 7, &start) == 2 && start == 2);
  RTL_BITMAP_RUN runs[2];
  CHECK(RtlFindClearRuns(&map, runs, 2, TRUE) == 2 && runs[0].StartingIndex == 8 && runs[1].NumberOfBits == 2);
  CHECK(RtlFindClearRuns(&map, runs, 1, FALSE) == 1 && runs[0].StartingIndex == 2);
  CHECK(RtlFindMostSignificantBit(0x10) == 4 && RtlFindLeastSignificantBit(0x18) == 3 && RtlFindMostSignificantBit(0) == -1);
}

TEST(irp_completed_with_status_pending_stops) {
  PIRP irp = IoAllocateIrp(1, FALSE);
  CHECK(irp != nullptr);
  irp->IoStatus.Status = STATUS_PENDING;
  mach_test_expect_stop("bug check 0XC9 (0x6");
  IoCompleteRequest(irp, IO_NO_INCREMENT);
}

TEST(io_misc_device_to_verify_is_the_threads) {
  auto* self = (PETHREAD)KeGetCurrentThread();
  auto* device = (PDEVICE_OBJECT)&self;
  CHECK(IoGetDeviceToVerify(self) == nullptr);
  IoSetDeviceToVerify(self, device);
  CHECK(IoGetDeviceToVerify(self) == device);
  IoSetDeviceToVerify(self, nullptr);
  CHECK(IoGetDeviceToVerify(self) == nullptr);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
  mach_test_expect_stop("IrqlIoDispatch: IoGetDeviceToVerify called at");
  IoGetDeviceToVerify(self);
}
