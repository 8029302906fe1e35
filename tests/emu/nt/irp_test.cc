/* What the record says of IRPs on their way: rules judge by it. */
#include "tests/emu/nt/test_bus.h"

namespace {

constexpr m_u64 kEverything = ~0ull;
constexpr m_u64 kMajorAndMinor = 0xffff, kPower = 0xff0000, kDevice = 0xffffffffull << 32;
constexpr m_u64 kCompletionRoutine = 1 << 16, kCancelRoutine = 1 << 17;

m_u64 function(m_u8 major, m_u8 minor) {
  return major | (m_u64)minor << 8;
}

NTSTATUS NTAPI completed(PDEVICE_OBJECT, PIRP, PVOID) {
  return STATUS_MORE_PROCESSING_REQUIRED;
}

void NTAPI cancelled(PDEVICE_OBJECT, PIRP) {}

}  // namespace

TEST(dispatch_events_name_function_and_device) {
  load(false);
  const m_u64 start = function(IRP_MJ_PNP, IRP_MN_START_DEVICE) | (m_u64)mach_object(OBJECT_Device, bus) << 32;
  CHECK(mach_test_events(EVENT_CallbackEnter, kEverything, start) == 1);
  nt_remove_device();
  const m_u64 remove = function(IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE);
  CHECK(mach_test_events(EVENT_CallbackEnter, kMajorAndMinor, remove) == 1);
  CHECK(mach_test_events(EVENT_CallbackEnter, kMajorAndMinor | kDevice, remove) == 0);
}

TEST(dispatch_events_name_the_power_state) {
  load(false);
  POWER_STATE state;
  state.DeviceState = PowerDeviceD3;
  CHECK(PoRequestPowerIrp(bus_pdo, IRP_MN_SET_POWER, state, nullptr, nullptr, nullptr) == STATUS_PENDING);
  settle();
  const m_u64 device_off = function(IRP_MJ_POWER, IRP_MN_SET_POWER) | (m_u64)(0x80 | PowerDeviceD3) << 16;
  CHECK(mach_test_events(EVENT_CallbackEnter, kMajorAndMinor | kPower, device_off) == 1);
  nt_remove_device();
}

TEST(forward_events_name_function_and_routines) {
  load(false);
  const m_u64 start = function(IRP_MJ_PNP, IRP_MN_START_DEVICE);
  CHECK(mach_test_events(EVENT_IrpForward, kMajorAndMinor | kCompletionRoutine | kCancelRoutine,
                         start | kCompletionRoutine) == 1); /* IoForwardIrpSynchronously waits for it */
  const m_u64 relations = function(IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS);
  CHECK(mach_test_events(EVENT_IrpForward, kMajorAndMinor | kCompletionRoutine, relations) >= 1);
  nt_remove_device();
  CHECK(mach_test_events(EVENT_IrpForwarded, 0, 0) == mach_test_events(EVENT_IrpForward, 0, 0));
}

TEST(forward_event_tells_of_a_cancel_routine) {
  load(false);
  PIRP irp = IoAllocateIrp(bus->StackSize, FALSE);
  IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
  IoSetCompletionRoutine(irp, completed, nullptr, TRUE, TRUE, TRUE);
  IoSetCancelRoutine(irp, cancelled);
  mach_test_expect_stop("ForwardedWithCancelRoutine: IRP"); /* it looks at the event */
  IoCallDriver(bus, irp);
}

TEST(completion_routine_events) {
  load(false);
  PIRP irp = IoAllocateIrp(bus->StackSize, FALSE);
  IoSetCompletionRoutine(irp, completed, nullptr, TRUE, TRUE, TRUE);
  CHECK(mach_test_events(EVENT_IrpSetCompletion, kEverything, 1) == 1);
  IoSetCompletionRoutine(irp, nullptr, nullptr, FALSE, FALSE, FALSE);
  CHECK(mach_test_events(EVENT_IrpSetCompletion, kEverything, 0) == 1);
  CHECK(IoSetCompletionRoutineEx(bus, irp, completed, nullptr, TRUE, TRUE, TRUE) == STATUS_SUCCESS);
  CHECK(mach_test_events(EVENT_IrpSetCompletion, kEverything, 1 | 2) == 1);
  IoSetCompletionRoutine(irp, nullptr, nullptr, FALSE, FALSE, FALSE);
  mach_test_fail_next();
  CHECK(IoSetCompletionRoutineEx(bus, irp, completed, nullptr, TRUE, TRUE, TRUE) == STATUS_INSUFFICIENT_RESOURCES);
  CHECK(mach_test_events(EVENT_IrpSetCompletion, kEverything, 1 | 2 | 4) == 1);
  CHECK(!IoGetNextIrpStackLocation(irp)->CompletionRoutine);
  IoFreeIrp(irp);
  nt_remove_device();
}

TEST(list_events_are_about_irps) {
  PIRP irp = IoAllocateIrp(1, FALSE);
  LIST_ENTRY list, other;
  InitializeListHead(&list);
  InsertTailList(&list, &other);
  CHECK(mach_test_events(EVENT_IrpInsert, 0, 0) == 0);
  InsertHeadList(&list, &irp->Tail.Overlay.ListEntry);
  CHECK(mach_test_events(EVENT_IrpInsert, 0, 0) == 1);
  CHECK(RemoveHeadList(&list) == &irp->Tail.Overlay.ListEntry);
  CHECK(mach_test_events(EVENT_IrpRemove, 0, 0) == 1);
  RemoveEntryList(&other);
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  ExInterlockedInsertTailList(&list, &irp->Tail.Overlay.ListEntry, &lock);
  CHECK(ExInterlockedRemoveHeadList(&list, &lock) == &irp->Tail.Overlay.ListEntry);
  CHECK(mach_test_events(EVENT_IrpInsert, 0, 0) == 2 && mach_test_events(EVENT_IrpRemove, 0, 0) == 2);
  IoFreeIrp(irp);
}
