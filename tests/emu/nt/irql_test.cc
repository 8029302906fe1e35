/* Calls at an IRQL that their arguments do not allow, and who says so. */
#include "tests/emu/nt/check.h"

namespace {

constexpr ULONG kTag = 'lqrI';

KIRQL raise_to(KIRQL irql) {
  KIRQL old;
  KeRaiseIrql(irql, &old);
  return old;
}

LARGE_INTEGER zero;

NTSTATUS wait_for(void* object, PLARGE_INTEGER timeout) {
  return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, timeout);
}

NTSTATUS wait_for_both(KEVENT* events, PLARGE_INTEGER timeout) {
  void* objects[] = {&events[0], &events[1]};
  return KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, timeout, nullptr);
}

void init_events(KEVENT* events) {
  for (int i = 0; i < 2; ++i) KeInitializeEvent(&events[i], NotificationEvent, FALSE);
}

}  // namespace

TEST(irql_raise_that_lowers) {
  mach_test_expect_stop("IrqlKeRaiseLower: KeRaiseIrql to an IRQL below");
  raise_to(DISPATCH_LEVEL);
  raise_to(APC_LEVEL);
}

TEST(irql_lower_that_raises) {
  mach_test_expect_stop("IrqlKeRaiseLower: KeLowerIrql to an IRQL above");
  KeLowerIrql(DISPATCH_LEVEL);
}

TEST(irql_lower_to_another_than_was_saved) {
  mach_test_expect_stop("IrqlKeRaiseLower2: KeLowerIrql restores APC_LEVEL");
  raise_to(DISPATCH_LEVEL);
  KeLowerIrql(APC_LEVEL);
}

TEST(irql_lowered_by_a_dpc) {
  struct Lowering {
    static VOID NTAPI dpc(PKDPC, PVOID, PVOID, PVOID) { KeLowerIrql(PASSIVE_LEVEL); }
  };
  KDPC dpc;
  KeInitializeDpc(&dpc, Lowering::dpc, nullptr);
  mach_test_expect_stop("IrqlKeRaiseLower: KeLowerIrql to PASSIVE_LEVEL");
  KeInsertQueueDpc(&dpc, nullptr, nullptr);
  KeFlushQueuedDpcs();
}

TEST(irql_raised_and_lowered_in_all_ways) {
  KIRQL first, second;
  KSPIN_LOCK a, b, queued;
  KeInitializeSpinLock(&a);
  KeInitializeSpinLock(&b);
  KeInitializeSpinLock(&queued);
  KeRaiseIrql(APC_LEVEL, &first);
  second = KeRaiseIrqlToDpcLevel();
  KeAcquireSpinLockAtDpcLevel(&a);
  KeReleaseSpinLockFromDpcLevel(&a);
  KeLowerIrql(second);
  KeLowerIrql(first);
  KeAcquireSpinLock(&a, &first);
  KeAcquireSpinLock(&b, &second);
  KeReleaseSpinLockFromDpcLevel(&a);
  KeReleaseSpinLockFromDpcLevel(&b);
  KeLowerIrql(first);
  KLOCK_QUEUE_HANDLE handle;
  KeAcquireInStackQueuedSpinLock(&queued, &handle);
  KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  KeLowerIrql(handle.OldIrql);
  KeLowerIrql(KeGetCurrentIrql());
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

TEST(irql_of_set_event_that_will_wait) {
  KEVENT events[2];
  init_events(events);
  const KIRQL old = raise_to(APC_LEVEL);
  KeSetEvent(&events[0], 0, TRUE);
  CHECK(wait_for(&events[0], nullptr) == STATUS_SUCCESS);
  KeLowerIrql(old);
  raise_to(DISPATCH_LEVEL);
  KeSetEvent(&events[0], 0, FALSE);
  mach_test_expect_stop("IrqlKeSetEvent: KeSetEvent with Wait = TRUE");
  KeSetEvent(&events[0], 0, TRUE);
}

TEST(irql_of_release_semaphore_that_will_wait) {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 0, 9);
  KeReleaseSemaphore(&semaphore, 0, 1, TRUE);
  CHECK(wait_for(&semaphore, nullptr) == STATUS_SUCCESS);
  raise_to(APC_LEVEL);
  KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
  mach_test_expect_stop("IrqlContract: KeReleaseSemaphore with Wait = TRUE");
  KeReleaseSemaphore(&semaphore, 0, 1, TRUE);
}

TEST(irql_of_waits_that_are_allowed) {
  KEVENT events[2];
  KMUTEX mutex;
  init_events(events);
  KeInitializeMutex(&mutex, 0);
  LARGE_INTEGER soon = milliseconds(1);
  KIRQL old = raise_to(APC_LEVEL);
  CHECK(wait_for_both(events, &soon) == STATUS_TIMEOUT);
  CHECK(wait_for(&mutex, nullptr) == STATUS_SUCCESS);
  KeReleaseMutex(&mutex, FALSE);
  KeLowerIrql(old);
  old = raise_to(DISPATCH_LEVEL);
  CHECK(wait_for_both(events, &zero) == STATUS_TIMEOUT);
  CHECK(wait_for(&events[0], &zero) == STATUS_TIMEOUT);
  CHECK(wait_for(&mutex, &zero) == STATUS_SUCCESS);
  KeReleaseMutex(&mutex, FALSE);
  KeLowerIrql(old);
}

TEST(irql_of_wait_for_many_without_timeout) {
  KEVENT events[2];
  init_events(events);
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlKeWaitForMultipleObjects: a wait without a timeout");
  wait_for_both(events, nullptr);
}

TEST(irql_of_wait_for_many_with_timeout) {
  KEVENT events[2];
  init_events(events);
  LARGE_INTEGER soon = milliseconds(1);
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlKeWaitForMultipleObjects: a wait with a nonzero timeout");
  wait_for_both(events, &soon);
}

TEST(irql_of_wait_for_many_above_dispatch_level) {
  KEVENT events[2];
  init_events(events);
  raise_to(DISPATCH_LEVEL + 1);
  mach_test_expect_stop("IrqlKeWaitForMultipleObjects: KeWaitForMultipleObjects called at IRQL 3");
  wait_for_both(events, &zero);
}

TEST(irql_of_wait_for_a_mutex) {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlKeWaitForMutexObject: a wait without a timeout");
  KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, nullptr);
}

TEST(irql_of_wait_for_a_mutex_above_dispatch_level) {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  raise_to(DISPATCH_LEVEL + 1);
  mach_test_expect_stop("IrqlKeWaitForMutexObject: a wait above DISPATCH_LEVEL");
  KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, &zero);
}

TEST(irql_of_wait_for_an_event) {
  KEVENT events[2];
  init_events(events);
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlContract: a wait without a timeout");
  wait_for(&events[0], nullptr);
}

TEST(irql_of_wait_for_an_event_above_dispatch_level) {
  KEVENT events[2];
  init_events(events);
  raise_to(DISPATCH_LEVEL + 1);
  mach_test_expect_stop("IrqlContract: a wait above DISPATCH_LEVEL");
  wait_for(&events[0], &zero);
}

TEST(irql_of_pool_that_is_allowed) {
  void* paged = ExAllocatePoolWithTag(PagedPool, 8, kTag);
  void* other = ExAllocatePoolWithTagPriority(NonPagedPool, 8, kTag, NormalPoolPriority);
  KIRQL old = raise_to(APC_LEVEL);
  ExFreePoolWithTag(paged, kTag);
  paged = ExAllocatePoolWithTag(PagedPool, 8, kTag);
  ExFreePoolWithTag(paged, kTag);
  KeLowerIrql(old);
  old = raise_to(DISPATCH_LEVEL);
  ExFreePoolWithTag(other, kTag);
  ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 8, kTag), kTag);
  KeLowerIrql(old);
}

TEST(irql_of_paged_allocation) {
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlExAllocatePool: paged pool allocated above APC_LEVEL");
  ExAllocatePoolWithTag(PagedPool, 8, kTag);
}

TEST(irql_of_paged_allocation_with_quota) {
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlExApcLte2: paged pool allocated above APC_LEVEL");
  ExAllocatePoolWithQuotaTag(PagedPool, 8, kTag);
}

TEST(irql_of_paged_free) {
  void* block = ExAllocatePoolWithTag(PagedPool, 8, kTag);
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlExFree1: paged pool freed above APC_LEVEL");
  ExFreePoolWithTag(block, kTag);
}

TEST(irql_of_paged_free_of_priority) {
  void* block = ExAllocatePoolWithTagPriority(PagedPool, 8, kTag, NormalPoolPriority);
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlExFree2: paged pool freed above APC_LEVEL");
  ExFreePool(block);
}

TEST(irql_of_free_above_dispatch_level) {
  void* block = ExAllocatePool(NonPagedPool, 8);
  raise_to(DISPATCH_LEVEL + 1);
  mach_test_expect_stop("IrqlExFree");
  ExFreePool(block);
}

TEST(irql_of_locking_user_memory) {
  m_u8 ours[16];
  void* user = mach_user_alloc(sizeof ours);
  PMDL kernel_mdl = IoAllocateMdl(ours, sizeof ours, FALSE, FALSE, nullptr);
  PMDL user_mdl = IoAllocateMdl(user, sizeof ours, FALSE, FALSE, nullptr);
  KIRQL old = raise_to(APC_LEVEL);
  MmProbeAndLockPages(user_mdl, UserMode, IoReadAccess);
  MmUnlockPages(user_mdl);
  KeLowerIrql(old);
  raise_to(DISPATCH_LEVEL);
  MmProbeAndLockPages(kernel_mdl, KernelMode, IoReadAccess);
  MmUnlockPages(kernel_mdl);
  mach_test_expect_stop("IrqlContract: MmProbeAndLockPages on user memory above APC_LEVEL");
  MmProbeAndLockPages(user_mdl, UserMode, IoReadAccess);
}

TEST(irql_of_power_states) {
  struct Driver {
    static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING) {
      PDEVICE_OBJECT device;
      CHECK(IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
      POWER_STATE on, off;
      on.DeviceState = PowerDeviceD0;
      off.DeviceState = PowerDeviceD3;
      const KIRQL old = raise_to(APC_LEVEL);
      PoSetPowerState(device, DevicePowerState, off);
      KeLowerIrql(old);
      raise_to(DISPATCH_LEVEL);
      PoSetPowerState(device, DevicePowerState, on);
      mach_test_expect_stop("IrqlContract: PoSetPowerState to another state");
      PoSetPowerState(device, DevicePowerState, off);
      return STATUS_SUCCESS;
    }
  };
  nt_load((void*)Driver::entry, "own");
}

TEST(irql_of_raised_status) {
  for (int i = 0; i < 2; ++i) {
    volatile bool handled = false;
    __try {
      ExRaiseStatus(STATUS_UNSUCCESSFUL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      handled = true;
    }
    CHECK(handled);
    if (i == 0) raise_to(APC_LEVEL);
  }
  KeLowerIrql(PASSIVE_LEVEL);
  raise_to(DISPATCH_LEVEL);
  mach_test_expect_stop("IrqlExPassive: ExRaiseStatus called at DISPATCH_LEVEL");
  ExRaiseStatus(STATUS_UNSUCCESSFUL);
}
