#include "emu/nt/hardware.h"
#include "tests/emu/nt/check.h"

namespace {

const nt_hardware kUart = {0x3f8, 8, 0xfe000000, 0x100, 1, {4}};

}  // namespace

TEST(hardware_resources_of_a_device) {
  nt_set_hardware(&kUart);
  PCM_RESOURCE_LIST raw, translated;
  nt::resource_lists(&raw, &translated);
  CHECK(raw->Count == 1 && raw->List[0].PartialResourceList.Version == 1 && raw->List[0].PartialResourceList.Revision == 1);
  CHECK(raw->List[0].PartialResourceList.Count == 3 && translated->List[0].PartialResourceList.Count == 3);
  const CM_PARTIAL_RESOURCE_DESCRIPTOR* from = raw->List[0].PartialResourceList.PartialDescriptors;
  const CM_PARTIAL_RESOURCE_DESCRIPTOR* to = translated->List[0].PartialResourceList.PartialDescriptors;
  CHECK(from[0].Type == CmResourceTypePort && from[0].u.Port.Start.QuadPart == 0x3f8 && from[0].u.Port.Length == 8);
  CHECK(from[1].Type == CmResourceTypeMemory && from[1].u.Memory.Start.QuadPart == 0xfe000000);
  CHECK(from[2].Type == CmResourceTypeInterrupt && from[2].u.Interrupt.Level == 4 && from[2].u.Interrupt.Vector == 4);
  KIRQL irql;
  KAFFINITY processors;
  CHECK(HalGetInterruptVector(Isa, 0, 4, 4, &irql, &processors) == to[2].u.Interrupt.Vector);
  CHECK(irql == to[2].u.Interrupt.Level && irql > DISPATCH_LEVEL && processors == to[2].u.Interrupt.Affinity);
}

TEST(hardware_of_a_device_without_any) {
  PCM_RESOURCE_LIST raw, translated;
  nt::resource_lists(&raw, &translated);
  CHECK(raw == nullptr && translated == nullptr);
}

TEST(hardware_vectors_differ) {
  ULONG seen[16];
  KIRQL irql;
  KAFFINITY processors;
  for (ULONG level = 0; level < 16; ++level) {
    seen[level] = HalGetInterruptVector(Isa, 0, level, level, &irql, &processors);
    CHECK(irql == seen[level] / 16);
    for (ULONG other = 0; other < level; ++other) CHECK(seen[other] != seen[level]);
  }
}

TEST(hardware_bus_addresses_are_physical) {
  PHYSICAL_ADDRESS bus, translated;
  bus.QuadPart = 0x2f8;
  ULONG space = 1;
  CHECK(HalTranslateBusAddress(Isa, 0, bus, &space, &translated));
  CHECK(translated.QuadPart == 0x2f8 && space == 1);
}

TEST(hardware_empty_pci_bus) {
  USHORT header[2] = {};
  CHECK(HalGetBusData(PCIConfiguration, 0, 0, header, sizeof header) == sizeof(USHORT) && header[0] == PCI_INVALID_VENDORID);
  CHECK(HalGetBusData(PCIConfiguration, 1, 0, header, sizeof header) == 0);
  CHECK(HalGetBusData(Cmos, 0, 0, header, sizeof header) == 0);
}

TEST(hardware_grants_what_is_asked_for) {
  IO_RESOURCE_REQUIREMENTS_LIST wanted = {};
  wanted.ListSize = sizeof wanted;
  wanted.AlternativeLists = 1;
  wanted.List[0].Version = wanted.List[0].Revision = 1;
  wanted.List[0].Count = 1;
  wanted.List[0].Descriptors[0].Type = CmResourceTypePort;
  wanted.List[0].Descriptors[0].u.Port.Length = 8;
  wanted.List[0].Descriptors[0].u.Port.MinimumAddress.QuadPart = 0x300;
  PCM_RESOURCE_LIST got;
  UNICODE_STRING path = {};
  CHECK(IoAssignResources(&path, nullptr, nullptr, nullptr, &wanted, &got) == STATUS_SUCCESS);
  CHECK(got->List[0].PartialResourceList.Count == 1);
  CHECK(got->List[0].PartialResourceList.PartialDescriptors[0].u.Port.Start.QuadPart == 0x300);
  ExFreePool(got);
  CHECK(IoAssignResources(&path, nullptr, nullptr, nullptr, nullptr, &got) == STATUS_SUCCESS && got == nullptr);
}

TEST(io_space_registers) {
  PHYSICAL_ADDRESS physical;
  physical.QuadPart = 0xfe000000;
  auto* registers = (volatile ULONG*)MmMapIoSpace(physical, 0x100, MmNonCached);
  CHECK(registers != nullptr);
  WRITE_REGISTER_ULONG(registers + 1, 0x12345678);
  CHECK(registers[1] == 0x12345678);
  /* Mostly it says what was written, never always the same. */
  int same = 0;
  for (int i = 0; i < 64; ++i) same += READ_REGISTER_ULONG(registers + 1) == 0x12345678;
  CHECK(same > 32 && same < 64);
  ULONG ordinary = 7;
  CHECK(READ_REGISTER_ULONG(&ordinary) == 7);
  ULONG several[2] = {1, 2};
  WRITE_REGISTER_BUFFER_ULONG(registers + 2, several, 2);
  CHECK(registers[2] == 1 && registers[3] == 2);
  MmUnmapIoSpace((PVOID)registers, 0x100);
}

TEST(io_space_maps_nothing_of_no_size) {
  PHYSICAL_ADDRESS physical = {};
  CHECK(MmMapIoSpace(physical, 0, MmNonCached) == nullptr);
}

TEST(io_space_ports_remember) {
  WRITE_PORT_UCHAR((PUCHAR)0x3ff, 0x5a);
  int same = 0;
  for (int i = 0; i < 64; ++i) same += READ_PORT_UCHAR((PUCHAR)0x3ff) == 0x5a;
  CHECK(same > 32 && same < 64);
}
