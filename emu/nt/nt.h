/* What the families of the emulated kernel share. Windows dialect, freestanding: no standard library, no exceptions.
 *
 * A DDI is written in two layers: `extern "C"` functions with the documented name, which open a Ddi guard and do what
 * the page says, and functions in namespace nt, which other families call and which are no scheduling points.
 */
#ifndef WDMFUZZ_EMU_NT_NT_H
#define WDMFUZZ_EMU_NT_NT_H

extern "C" {
#include <ntifs.h>
#include <ntddk.h>
/* In no header of the package's. */
DECLSPEC_NORETURN VOID NTAPI RtlRaiseStatus(NTSTATUS Status);
}

#include "emu/machine/hypercall.h"
#include "emu/trace/ddi_numbers.h"

namespace nt {

/* Marks the running function as DDI number `ddi`, called from `pc`: a scheduling point and a DdiEnter event at its start,
 * another point at its end (most windows of a driver lie in the first instructions after a DDI returns). */
class Ddi {
 public:
  Ddi(m_u16 ddi, const void* object, const void* pc) : ddi_(ddi), object_(object), pc_(pc) {
    mach_point(ddi_, MACH_BEFORE, object_, pc_);
  }
  ~Ddi() { mach_point(ddi_, MACH_AFTER, object_, pc_); }
  Ddi(const Ddi&) = delete;
  const void* pc() const { return pc_; }

 private:
  m_u16 ddi_;
  const void* object_;
  const void* pc_;
};

}  // namespace nt

namespace nt {

/* Does the running DDI call fail for lack of resources? Asked at most once per call. */
inline bool out_of_resources() { return mach_choose(CHOICE_RequestFails, 2) != 0; }

}  // namespace nt

/* Opens DDI `Name` working on `object`: `DDI_ENTER(KeSetEvent, Event);` then `ddi.pc()` is the driver's call. */
#define DDI_ENTER(Name, object) nt::Ddi ddi(DDI_##Name, (const void*)(object), __builtin_return_address(0))

#endif
