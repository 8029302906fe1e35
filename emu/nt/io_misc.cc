/* What drivers ask the I/O manager now and then. */
#include "emu/nt/device.h"
#include "emu/nt/file.h"
#include "emu/nt/irp.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/thread.h"

namespace nt {
namespace {

CONFIGURATION_INFORMATION configuration;

}  // namespace

void reset_io_misc() {
  configuration = {};
}

}  // namespace nt

extern "C" {

NTKERNELAPI PIRP NTAPI IoGetTopLevelIrp(VOID) {
  DDI_ENTER(IoGetTopLevelIrp, nullptr);
  return nt::current_thread()->top_level_irp;
}

NTKERNELAPI VOID NTAPI IoSetTopLevelIrp(PIRP Irp) {
  DDI_ENTER(IoSetTopLevelIrp, Irp);
  nt::current_thread()->top_level_irp = Irp;
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetDeviceToVerify(PETHREAD Thread) {
  DDI_ENTER(IoGetDeviceToVerify, Thread);
  return reinterpret_cast<nt::Thread*>(Thread)->device_to_verify;
}

NTKERNELAPI VOID NTAPI IoSetDeviceToVerify(PETHREAD Thread, PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoSetDeviceToVerify, Thread);
  reinterpret_cast<nt::Thread*>(Thread)->device_to_verify = DeviceObject;
}

NTKERNELAPI BOOLEAN NTAPI IoIsOperationSynchronous(PIRP Irp) {
  DDI_ENTER(IoIsOperationSynchronous, Irp);
  const FILE_OBJECT* file = nt::current_location(Irp)->FileObject;
  const bool asynchronous_paging = (Irp->Flags & IRP_PAGING_IO) && !(Irp->Flags & IRP_SYNCHRONOUS_PAGING_IO);
  return !asynchronous_paging &&
         ((file && (file->Flags & FO_SYNCHRONOUS_IO)) || (Irp->Flags & (IRP_SYNCHRONOUS_API | IRP_SYNCHRONOUS_PAGING_IO)));
}

NTKERNELAPI PCONFIGURATION_INFORMATION NTAPI IoGetConfigurationInformation(VOID) {
  DDI_ENTER(IoGetConfigurationInformation, nullptr);
  return &nt::configuration;
}

NTKERNELAPI MM_SYSTEMSIZE NTAPI MmQuerySystemSize(VOID) {
  DDI_ENTER(MmQuerySystemSize, nullptr);
  return MmLargeSystem;
}

/* It completes by itself, and with the last one its master does. How many there are the driver writes into the master. */
NTKERNELAPI PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize) {
  DDI_ENTER(IoMakeAssociatedIrp, Irp);
  nt::IrpRecord* record = nt::irp_allocate(StackSize, true, ddi.pc());
  if (!record) return nullptr;
  record->origin = nt::IrpOrigin::threaded;
  record->irp->Flags |= IRP_ASSOCIATED_IRP;
  record->irp->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
  record->irp->AssociatedIrp.MasterIrp = Irp;
  mach_event(EVENT_IrpCreate, record->object, 0, 0, ddi.pc());
  return record->irp;
}

}  // extern "C"
