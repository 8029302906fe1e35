/* Resources of the scenario's device. Bus and processor addresses are the same here; only interrupts are translated, from
 * levels to vectors. */
#include "emu/nt/hardware.h"

#include "emu/nt/irp.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/pnp.h"

namespace nt {
namespace {

/* Device interrupts lie between DISPATCH_LEVEL and the clock: 5 to 11. */
constexpr KIRQL kLowestDirql = 5;
constexpr ULONG kDirqls = 7;

nt_hardware device;
ULONG line_vectors[MACH_INTERRUPT_LINES]; /* 0: not used yet */

PCM_RESOURCE_LIST make_list(bool translated) {
  const ULONG count = (device.port_length != 0) + (device.memory_length != 0) + device.interrupt_count;
  const SIZE_T size = sizeof(CM_RESOURCE_LIST) + count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
  auto* list = (PCM_RESOURCE_LIST)mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  list->Count = 1;
  list->List[0].InterfaceType = Isa;
  CM_PARTIAL_RESOURCE_LIST& partial = list->List[0].PartialResourceList;
  partial.Version = partial.Revision = 1;
  partial.Count = count;
  PCM_PARTIAL_RESOURCE_DESCRIPTOR next = partial.PartialDescriptors;
  if (device.port_length) {
    next->Type = CmResourceTypePort;
    next->ShareDisposition = CmResourceShareDeviceExclusive;
    next->Flags = CM_RESOURCE_PORT_IO;
    next->u.Port.Start.QuadPart = device.port;
    next->u.Port.Length = device.port_length;
    ++next;
  }
  if (device.memory_length) {
    next->Type = CmResourceTypeMemory;
    next->ShareDisposition = CmResourceShareDeviceExclusive;
    next->Flags = CM_RESOURCE_MEMORY_READ_WRITE;
    next->u.Memory.Start.QuadPart = (LONGLONG)device.memory;
    next->u.Memory.Length = device.memory_length;
    ++next;
  }
  for (m_u32 i = 0; i < device.interrupt_count; ++i, ++next) {
    const Vector vector = vector_of_level(device.interrupts[i]);
    next->Type = CmResourceTypeInterrupt;
    next->ShareDisposition = CmResourceShareShared;
    next->Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    next->u.Interrupt.Level = translated ? vector.irql : device.interrupts[i];
    next->u.Interrupt.Vector = translated ? vector.number : device.interrupts[i];
    next->u.Interrupt.Affinity = ((KAFFINITY)1 << mach_cpu_count()) - 1;
  }
  return list;
}

/* The first alternative of each requirement, at its lowest address. */
bool grant(const IO_RESOURCE_DESCRIPTOR& wanted, PCM_PARTIAL_RESOURCE_DESCRIPTOR granted) {
  granted->Type = wanted.Type;
  granted->ShareDisposition = wanted.ShareDisposition;
  granted->Flags = wanted.Flags;
  switch (wanted.Type) {
    case CmResourceTypePort:
      granted->u.Port.Start = wanted.u.Port.MinimumAddress;
      granted->u.Port.Length = wanted.u.Port.Length;
      return true;
    case CmResourceTypeMemory:
      granted->u.Memory.Start = wanted.u.Memory.MinimumAddress;
      granted->u.Memory.Length = wanted.u.Memory.Length;
      return true;
    case CmResourceTypeInterrupt:
      granted->u.Interrupt.Level = granted->u.Interrupt.Vector = wanted.u.Interrupt.MinimumVector;
      granted->u.Interrupt.Affinity = ((KAFFINITY)1 << mach_cpu_count()) - 1;
      return true;
    case CmResourceTypeDma:
      granted->u.Dma.Channel = wanted.u.Dma.MinimumChannel;
      return true;
    default:
      return false;
  }
}

PCM_RESOURCE_LIST grant_all(PIO_RESOURCE_REQUIREMENTS_LIST wanted, const void* pc) {
  const IO_RESOURCE_LIST& first = wanted->List[0];
  const SIZE_T size = sizeof(CM_RESOURCE_LIST) + first.Count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
  auto* list = (PCM_RESOURCE_LIST)mach_pool_alloc(size, 0x20655250 /* "PRe " */, MACH_POOL_PAGED | MACH_POOL_ZERO, pc);
  if (!list) return nullptr;
  list->Count = 1;
  list->List[0].InterfaceType = wanted->InterfaceType;
  list->List[0].BusNumber = wanted->BusNumber;
  CM_PARTIAL_RESOURCE_LIST& partial = list->List[0].PartialResourceList;
  partial.Version = partial.Revision = 1;
  for (ULONG i = 0; i < first.Count; ++i) {
    if (first.Descriptors[i].Option & IO_RESOURCE_ALTERNATIVE) continue;
    partial.Count += grant(first.Descriptors[i], &partial.PartialDescriptors[partial.Count]);
  }
  return list;
}

}  // namespace

void reset_hardware() {
  device = {};
  for (ULONG& vector : line_vectors) vector = 0;
}

Vector vector_of_level(ULONG level) {
  const KIRQL irql = (KIRQL)(kLowestDirql + level % kDirqls);
  return {irql * 16u + level / kDirqls % 16, irql};
}

m_u32 line_of_vector(ULONG vector) {
  for (m_u32 line = 0; line < MACH_INTERRUPT_LINES; ++line) {
    if (line_vectors[line] == 0) line_vectors[line] = vector;
    if (line_vectors[line] == vector) return line;
  }
  return kNoLine;
}

bool assigned_vector(Vector* vector) {
  if (device.interrupt_count == 0) return false;
  *vector = vector_of_level(device.interrupts[0]);
  return true;
}

void resource_lists(PCM_RESOURCE_LIST* raw, PCM_RESOURCE_LIST* translated) {
  *raw = *translated = nullptr;
  if (!device.port_length && !device.memory_length && !device.interrupt_count) return;
  *raw = make_list(false);
  *translated = make_list(true);
}

}  // namespace nt

extern "C" {

/* No kernel debugger sits on a serial port. */
PUCHAR KdComPortInUse;

void nt_set_hardware(const struct nt_hardware* hardware) {
  nt::device = *hardware;
  for (m_u32 i = 0; i < hardware->interrupt_count; ++i)
    nt::line_vectors[i] = nt::vector_of_level(hardware->interrupts[i]).number;
}

NTHALAPI ULONG NTAPI HalGetInterruptVector(INTERFACE_TYPE, ULONG, ULONG BusInterruptLevel, ULONG, PKIRQL Irql,
                                           PKAFFINITY Affinity) {
  DDI_ENTER(HalGetInterruptVector, nullptr);
  const nt::Vector vector = nt::vector_of_level(BusInterruptLevel);
  *Irql = vector.irql;
  *Affinity = ((KAFFINITY)1 << mach_cpu_count()) - 1;
  return vector.number;
}

NTHALAPI BOOLEAN NTAPI HalTranslateBusAddress(INTERFACE_TYPE, ULONG, PHYSICAL_ADDRESS BusAddress, PULONG,
                                              PPHYSICAL_ADDRESS TranslatedAddress) {
  DDI_ENTER(HalTranslateBusAddress, nullptr);
  *TranslatedAddress = BusAddress;
  return TRUE;
}

/* There is a PCI bus, and no device on it. */
NTHALAPI ULONG NTAPI HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG, PVOID Buffer, ULONG,
                                           ULONG Length) {
  DDI_ENTER(HalGetBusDataByOffset, nullptr);
  if (BusDataType != PCIConfiguration || BusNumber != 0 || Length < sizeof(USHORT)) return 0;
  *(USHORT*)Buffer = PCI_INVALID_VENDORID;
  return sizeof(USHORT);
}

NTHALAPI ULONG NTAPI HalGetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG, PVOID Buffer, ULONG Length) {
  DDI_ENTER(HalGetBusData, nullptr);
  if (BusDataType != PCIConfiguration || BusNumber != 0 || Length < sizeof(USHORT)) return 0;
  *(USHORT*)Buffer = PCI_INVALID_VENDORID;
  return sizeof(USHORT);
}

NTHALAPI ULONG NTAPI HalSetBusData(BUS_DATA_TYPE, ULONG, ULONG, PVOID, ULONG) {
  DDI_ENTER(HalSetBusData, nullptr);
  return 0;
}

NTHALAPI ULONG NTAPI HalSetBusDataByOffset(BUS_DATA_TYPE, ULONG, ULONG, PVOID, ULONG, ULONG) {
  DDI_ENTER(HalSetBusDataByOffset, nullptr);
  return 0;
}

NTKERNELAPI NTSTATUS NTAPI IoReportResourceUsage(PUNICODE_STRING, PDRIVER_OBJECT, PCM_RESOURCE_LIST, ULONG, PDEVICE_OBJECT,
                                                 PCM_RESOURCE_LIST, ULONG, BOOLEAN, PBOOLEAN ConflictDetected) {
  DDI_ENTER(IoReportResourceUsage, nullptr);
  *ConflictDetected = FALSE;
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoReportResourceForDetection(PDRIVER_OBJECT, PCM_RESOURCE_LIST, ULONG, PDEVICE_OBJECT,
                                                        PCM_RESOURCE_LIST, ULONG, PBOOLEAN ConflictDetected) {
  DDI_ENTER(IoReportResourceForDetection, nullptr);
  *ConflictDetected = FALSE;
  return STATUS_SUCCESS;
}

/* Given a device object, the driver only says what it uses; given none, it gets one to attach to. */
NTKERNELAPI NTSTATUS NTAPI IoReportDetectedDevice(PDRIVER_OBJECT, INTERFACE_TYPE, ULONG, ULONG, PCM_RESOURCE_LIST,
                                                  PIO_RESOURCE_REQUIREMENTS_LIST, BOOLEAN, PDEVICE_OBJECT* DeviceObject) {
  DDI_ENTER(IoReportDetectedDevice, nullptr);
  if (!*DeviceObject) *DeviceObject = nt::report_detected_device();
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoAssignResources(PUNICODE_STRING, PUNICODE_STRING, PDRIVER_OBJECT, PDEVICE_OBJECT,
                                             PIO_RESOURCE_REQUIREMENTS_LIST RequestedResources,
                                             PCM_RESOURCE_LIST* AllocatedResources) {
  DDI_ENTER(IoAssignResources, nullptr);
  *AllocatedResources = nullptr;
  if (!RequestedResources) return STATUS_SUCCESS; /* gives them back */
  *AllocatedResources = nt::grant_all(RequestedResources, ddi.pc());
  return *AllocatedResources ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

}  // extern "C"
