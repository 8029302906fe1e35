/* The one lock of all volume parameter blocks. */
#include "emu/nt/nt_families.h"
#include "emu/nt/nt.h"

namespace nt {
namespace {

KSPIN_LOCK vpb_lock;

}  // namespace

void reset_vpb_lock() {
  vpb_lock = 0;
  mach_lock_init(&vpb_lock, MACH_LOCK_SPIN, nullptr);
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI IoAcquireVpbSpinLock(PKIRQL Irql) {
  DDI_ENTER(IoAcquireVpbSpinLock, &nt::vpb_lock);
  const KIRQL old = mach_raise_irql(DISPATCH_LEVEL, ddi.pc());
  mach_lock_acquire(&nt::vpb_lock, MACH_LOCK_SPIN, old, ddi.pc());
  *Irql = old;
}

NTKERNELAPI VOID NTAPI IoReleaseVpbSpinLock(KIRQL Irql) {
  DDI_ENTER(IoReleaseVpbSpinLock, &nt::vpb_lock);
  mach_lock_release(&nt::vpb_lock, MACH_LOCK_SPIN, Irql, ddi.pc());
  mach_lower_irql(Irql, ddi.pc());
}

}  // extern "C"
