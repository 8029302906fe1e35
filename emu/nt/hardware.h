/* The one device a scenario has, as its driver is told of it: resources, interrupt vectors. */
#ifndef WDMFUZZ_EMU_NT_HARDWARE_H
#define WDMFUZZ_EMU_NT_HARDWARE_H

#include "emu/nt/nt.h"

namespace nt {

struct Vector {
  ULONG number;
  KIRQL irql;
};

constexpr m_u32 kNoLine = ~0u;

/* Vector and DIRQL of a bus interrupt level: always the same ones, different for different levels below 112. */
Vector vector_of_level(ULONG level);
/* Line of the machine for a vector: the described interrupts have the first ones, others the next that is free. kNoLine
 * when all are taken. */
m_u32 line_of_vector(ULONG vector);
/* Vector of the device's first interrupt; false when it has none. */
bool assigned_vector(Vector* vector);
/* What IRP_MN_START_DEVICE brings, raw and translated, in the kernel's memory; both null for a device without resources. */
void resource_lists(PCM_RESOURCE_LIST* raw, PCM_RESOURCE_LIST* translated);
/* Is a service routine still connected? */
bool interrupts_connected();

}  // namespace nt

/* The headers keep these for 32-bit drivers. */
extern "C" {
NTHALAPI ULONG NTAPI HalGetInterruptVector(INTERFACE_TYPE InterfaceType, ULONG BusNumber, ULONG BusInterruptLevel,
                                           ULONG BusInterruptVector, PKIRQL Irql, PKAFFINITY Affinity);
NTHALAPI ULONG NTAPI HalGetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                                   ULONG Length);
NTHALAPI ULONG NTAPI HalSetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                                   ULONG Length);
}

#endif
