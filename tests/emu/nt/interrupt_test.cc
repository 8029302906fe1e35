#include "emu/nt/hardware.h"
#include "tests/emu/nt/check.h"

extern "C" int mach_test_interrupt(m_u32 line, const m_u8* answers, m_u32 size);

namespace {

constexpr ULONG kLevel = 4;

struct Device {
  PKINTERRUPT interrupt;
  KDPC dpc;
  KEVENT done;
  LONG isrs, dpcs;
  bool bad, ours;
  KIRQL irql;
};

BOOLEAN NTAPI isr(PKINTERRUPT interrupt, PVOID context) {
  auto* device = (Device*)context;
  if (interrupt != device->interrupt || KeGetCurrentIrql() != device->irql) device->bad = true;
  const LONG before = device->isrs;
  YieldProcessor();
  device->isrs = before + 1;
  if (device->ours) KeInsertQueueDpc(&device->dpc, nullptr, nullptr);
  return device->ours;
}

void NTAPI dpc(PKDPC, PVOID context, PVOID, PVOID) {
  auto* device = (Device*)context;
  if (KeGetCurrentIrql() != DISPATCH_LEVEL) device->bad = true;
  ++device->dpcs;
  KeSetEvent(&device->done, 0, FALSE);
}

NTSTATUS connect(Device* device, KIRQL synchronize_irql, ULONG level = kLevel) {
  KIRQL irql;
  KAFFINITY processors;
  const ULONG vector = HalGetInterruptVector(Isa, 0, level, level, &irql, &processors);
  device->ours = true;
  device->irql = synchronize_irql ? synchronize_irql : irql;
  KeInitializeDpc(&device->dpc, dpc, device);
  KeInitializeEvent(&device->done, SynchronizationEvent, FALSE);
  return IoConnectInterrupt(&device->interrupt, isr, device, nullptr, vector, irql, device->irql, LevelSensitive, TRUE,
                            processors, FALSE);
}

bool wait(Device* device) {
  return KeWaitForSingleObject(&device->done, Executive, KernelMode, FALSE, nullptr) == STATUS_SUCCESS;
}

BOOLEAN NTAPI add(PVOID context) {
  auto* device = (Device*)context;
  if (KeGetCurrentIrql() != device->irql) device->bad = true;
  const LONG before = device->isrs;
  YieldProcessor();
  device->isrs = before + 100;
  return TRUE;
}

}  // namespace

TEST(interrupt_runs_isr_then_dpc) {
  Device device = {};
  CHECK(connect(&device, 0) == STATUS_SUCCESS);
  CHECK(mach_test_interrupt(0, nullptr, 0));
  CHECK(wait(&device));
  CHECK(device.isrs == 1 && device.dpcs == 1 && !device.bad);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  IoDisconnectInterrupt(device.interrupt);
  CHECK(!mach_test_interrupt(0, nullptr, 0));
}

TEST(interrupt_runs_at_synchronize_irql) {
  Device device = {};
  CHECK(connect(&device, 11) == STATUS_SUCCESS);
  CHECK(mach_test_interrupt(0, nullptr, 0));
  CHECK(wait(&device));
  CHECK(!device.bad);
  IoDisconnectInterrupt(device.interrupt);
}

TEST(interrupt_and_critical_section_exclude) {
  Device device = {};
  CHECK(connect(&device, 0) == STATUS_SUCCESS);
  CHECK(mach_test_interrupt(0, nullptr, 0));
  for (int i = 0; i < 3; ++i) CHECK(KeSynchronizeExecution(device.interrupt, add, &device));
  CHECK(wait(&device));
  CHECK(device.isrs == 301 && !device.bad);
  const KIRQL old = KeAcquireInterruptSpinLock(device.interrupt);
  CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == device.irql);
  KeReleaseInterruptSpinLock(device.interrupt, old);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  IoDisconnectInterrupt(device.interrupt);
}

TEST(interrupt_goes_on_to_whose_it_is) {
  Device first = {}, second = {};
  CHECK(connect(&first, 0) == STATUS_SUCCESS);
  CHECK(connect(&second, 0) == STATUS_SUCCESS);
  first.ours = false;
  CHECK(mach_test_interrupt(0, nullptr, 0));
  CHECK(wait(&second));
  CHECK(first.isrs == 1 && second.isrs == 1 && first.dpcs == 0);
  IoDisconnectInterrupt(first.interrupt);
  IoDisconnectInterrupt(second.interrupt);
}

TEST(interrupt_lines_are_numbered_by_connection) {
  Device first = {}, second = {};
  CHECK(connect(&first, 0) == STATUS_SUCCESS);
  CHECK(connect(&second, 0, kLevel + 1) == STATUS_SUCCESS);
  CHECK(mach_test_interrupt(1, nullptr, 0));
  CHECK(wait(&second));
  CHECK(first.isrs == 0 && second.isrs == 1);
  IoDisconnectInterrupt(first.interrupt);
  IoDisconnectInterrupt(second.interrupt);
}

TEST(interrupt_object_shares_a_lock) {
  Device device = {};
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  IO_CONNECT_INTERRUPT_PARAMETERS parameters = {};
  KIRQL irql;
  KAFFINITY processors;
  const ULONG vector = HalGetInterruptVector(Isa, 0, kLevel, kLevel, &irql, &processors);
  device.ours = true;
  device.irql = irql;
  KeInitializeDpc(&device.dpc, dpc, &device);
  KeInitializeEvent(&device.done, SynchronizationEvent, FALSE);
  parameters.Version = CONNECT_FULLY_SPECIFIED;
  parameters.FullySpecified = {nullptr, &device.interrupt, isr,    &device,        &lock,      irql, FALSE,
                               TRUE,    vector,            irql,   LevelSensitive, processors, 0};
  CHECK(IoConnectInterruptEx(&parameters) == STATUS_SUCCESS);
  CHECK(mach_test_interrupt(0, nullptr, 0));
  CHECK(wait(&device));
  CHECK(!device.bad);
  IO_DISCONNECT_INTERRUPT_PARAMETERS end = {};
  end.Version = parameters.Version;
  end.ConnectionContext.InterruptObject = device.interrupt;
  IoDisconnectInterruptEx(&end);
}

TEST(interrupt_is_not_served_after_disconnect) {
  Device device = {};
  CHECK(connect(&device, 0) == STATUS_SUCCESS);
  CHECK(mach_test_interrupt(0, nullptr, 0));
  IoDisconnectInterrupt(device.interrupt);
  const LONG isrs = device.isrs;
  let_others_run();
  CHECK(device.isrs == isrs && !device.bad);
  KeFlushQueuedDpcs();
}

TEST(interrupt_refuses_bad_parameters) {
  PKINTERRUPT interrupt = (PKINTERRUPT)1;
  CHECK(IoConnectInterrupt(&interrupt, isr, nullptr, nullptr, 0x90, 9, 8, Latched, FALSE, 1, FALSE) ==
        STATUS_INVALID_PARAMETER);
  CHECK(interrupt == nullptr);
  CHECK(IoConnectInterrupt(&interrupt, isr, nullptr, nullptr, 0x90, 9, 9, Latched, FALSE, 0, FALSE) ==
        STATUS_INVALID_PARAMETER);
  IO_CONNECT_INTERRUPT_PARAMETERS parameters = {};
  parameters.Version = 77;
  CHECK(IoConnectInterruptEx(&parameters) == STATUS_NOT_SUPPORTED && parameters.Version == CONNECT_FULLY_SPECIFIED_GROUP);
}

TEST(interrupt_brings_what_registers_say) {
  Device device = {};
  const m_u8 answers[] = {0x61, 0x62};
  CHECK(connect(&device, 0) == STATUS_SUCCESS);
  CHECK(mach_test_interrupt(0, answers, 2));
  CHECK(wait(&device));
  CHECK(READ_PORT_UCHAR((PUCHAR)0x3f8) == 0x61);
  UCHAR rest;
  READ_PORT_BUFFER_UCHAR((PUCHAR)0x3f8, &rest, 1);
  CHECK(rest == 0x62);
  IoDisconnectInterrupt(device.interrupt);
}
