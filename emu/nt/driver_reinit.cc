/* Routines that a driver has called again after its initialisation, and at shutdown. */
#include "emu/nt/device.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

typedef VOID(NTAPI* Reinitialize)(PDRIVER_OBJECT driver, PVOID context, ULONG count);

struct Routine {
  Routine* next;
  PDRIVER_OBJECT driver;
  Reinitialize routine;
  PVOID context;
};

Routine* routines;
ULONG calls; /* of all of them: the count starts with 1 */

void add(PDRIVER_OBJECT driver, Reinitialize routine, PVOID context) {
  auto* one = (Routine*)mach_pool_alloc(sizeof(Routine), 0, MACH_POOL_KERNEL, nullptr);
  *one = {nullptr, driver, routine, context};
  Routine** end = &routines;
  while (*end) end = &(*end)->next;
  *end = one;
}

}  // namespace

void reset_driver_reinit() {
  routines = nullptr;
  calls = 0;
}

void call_reinitialize_routines() {
  while (Routine* one = routines) {
    routines = one->next;
    mach_enter(CALLBACK_Other, (const void*)one->routine, 0, 0);
    one->routine(one->driver, one->context, ++calls);
    mach_leave(CALLBACK_Other, 0, 0);
    mach_pool_free(one, 0, nullptr);
  }
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                                        PDRIVER_REINITIALIZE DriverReinitializationRoutine, PVOID Context) {
  DDI_ENTER(IoRegisterDriverReinitialization, nullptr);
  nt::add(DriverObject, (nt::Reinitialize)DriverReinitializationRoutine, Context);
}

/* The emulated system has booted long ago: the routine is called as any other. */
NTKERNELAPI VOID NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                                            PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                            PVOID Context) {
  DDI_ENTER(IoRegisterBootDriverReinitialization, nullptr);
  nt::add(DriverObject, (nt::Reinitialize)DriverReinitializationRoutine, Context);
}

/* Windows 10 is WDM version 6.0. */
NTKERNELAPI BOOLEAN NTAPI IoIsWdmVersionAvailable(UCHAR MajorVersion, UCHAR MinorVersion) {
  DDI_ENTER(IoIsWdmVersionAvailable, nullptr);
  return MajorVersion < 6 || (MajorVersion == 6 && MinorVersion == 0);
}

}  // extern "C"
