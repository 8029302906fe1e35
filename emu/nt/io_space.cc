/* Ports, device registers, and the mapping of the latter. What a read answers is the machine's device model. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

template <class T>
T read_port(const void* port) {
  return (T)mach_device_read(MACH_PORT_SPACE, (m_u64)port, sizeof(T));
}

template <class T>
void write_port(const void* port, T value) {
  mach_device_write(MACH_PORT_SPACE, (m_u64)port, value, sizeof(T));
}

/* Registers are read where they are mapped, so that AddressSanitizer sees a stale mapping; anything else is memory. */
template <class T>
T read_register(volatile T* address) {
  const T content = *address;
  m_u64 physical;
  if (!mach_io_physical((const void*)address, &physical)) return content;
  return (T)mach_device_read(MACH_MEMORY_SPACE, physical, sizeof(T));
}

template <class T>
void write_register(volatile T* address, T value) {
  *address = value;
  m_u64 physical;
  if (mach_io_physical((const void*)address, &physical)) mach_device_write(MACH_MEMORY_SPACE, physical, value, sizeof(T));
}

PVOID map(PHYSICAL_ADDRESS physical, SIZE_T size) {
  if (size == 0 || mach_choose(CHOICE_MapFails, 2)) return nullptr;
  return mach_io_map((m_u64)physical.QuadPart, size);
}

}  // namespace
}  // namespace nt

extern "C" {

/* A buffer form touches one port, or consecutive registers. */
#define PORT_FUNCTIONS(suffix, type)                                                                       \
  NTKERNELAPI type NTAPI READ_PORT_##suffix(type* Port) {                                                  \
    DDI_ENTER(READ_PORT_##suffix, Port);                                                                   \
    return nt::read_port<type>(Port);                                                                      \
  }                                                                                                        \
  NTKERNELAPI VOID NTAPI WRITE_PORT_##suffix(type* Port, type Value) {                                     \
    DDI_ENTER(WRITE_PORT_##suffix, Port);                                                                  \
    nt::write_port<type>(Port, Value);                                                                     \
  }                                                                                                        \
  NTKERNELAPI VOID NTAPI READ_PORT_BUFFER_##suffix(type* Port, type* Buffer, ULONG Count) {                \
    DDI_ENTER(READ_PORT_BUFFER_##suffix, Port);                                                            \
    for (ULONG i = 0; i < Count; ++i) Buffer[i] = nt::read_port<type>(Port);                               \
  }                                                                                                        \
  NTKERNELAPI VOID NTAPI WRITE_PORT_BUFFER_##suffix(type* Port, type* Buffer, ULONG Count) {               \
    DDI_ENTER(WRITE_PORT_BUFFER_##suffix, Port);                                                           \
    for (ULONG i = 0; i < Count; ++i) nt::write_port<type>(Port, Buffer[i]);                               \
  }
PORT_FUNCTIONS(UCHAR, UCHAR)
PORT_FUNCTIONS(USHORT, USHORT)
PORT_FUNCTIONS(ULONG, ULONG)

#define REGISTER_FUNCTIONS(suffix, type)                                                                   \
  NTKERNELAPI type NTAPI READ_REGISTER_##suffix(volatile type* Register) {                                 \
    DDI_ENTER(READ_REGISTER_##suffix, Register);                                                           \
    return nt::read_register<type>(Register);                                                              \
  }                                                                                                        \
  NTKERNELAPI VOID NTAPI WRITE_REGISTER_##suffix(volatile type* Register, type Value) {                    \
    DDI_ENTER(WRITE_REGISTER_##suffix, Register);                                                          \
    nt::write_register<type>(Register, Value);                                                             \
  }                                                                                                        \
  NTKERNELAPI VOID NTAPI READ_REGISTER_BUFFER_##suffix(volatile type* Register, type* Buffer, ULONG Count) { \
    DDI_ENTER(READ_REGISTER_BUFFER_##suffix, Register);                                                    \
    for (ULONG i = 0; i < Count; ++i) Buffer[i] = nt::read_register<type>(Register + i);                   \
  }                                                                                                        \
  NTKERNELAPI VOID NTAPI WRITE_REGISTER_BUFFER_##suffix(volatile type* Register, type* Buffer, ULONG Count) { \
    DDI_ENTER(WRITE_REGISTER_BUFFER_##suffix, Register);                                                   \
    for (ULONG i = 0; i < Count; ++i) nt::write_register<type>(Register + i, Buffer[i]);                   \
  }
REGISTER_FUNCTIONS(UCHAR, UCHAR)
REGISTER_FUNCTIONS(USHORT, USHORT)
REGISTER_FUNCTIONS(ULONG, ULONG)
REGISTER_FUNCTIONS(ULONG64, ULONG64)
#undef PORT_FUNCTIONS
#undef REGISTER_FUNCTIONS

NTKERNELAPI PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE) {
  DDI_ENTER(MmMapIoSpace, nullptr);
  return nt::map(PhysicalAddress, NumberOfBytes);
}

PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG) {
  DDI_ENTER(MmMapIoSpaceEx, nullptr);
  return nt::map(PhysicalAddress, NumberOfBytes);
}

NTKERNELAPI VOID NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T) {
  DDI_ENTER(MmUnmapIoSpace, nullptr);
  if (!mach_io_unmap(BaseAddress)) mach_bug_check(0xDA, 0, (m_u64)BaseAddress, 0, 0, ddi.pc()); /* SYSTEM_PTE_MISUSE */
}

}  // extern "C"
