#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

EventList& reuse(EventList& run, ObjectId irp) {
  return run.inside(DDI_IoReuseIrp).add(EVENT_IrpCreate, irp).inside(DDI_None);
}

TEST(IoReuseIrp, ByOrigin) {
  struct Case {
    std::uint16_t origin;
    bool fires;
  };
  for (const Case c : {Case{DDI_IoAllocateIrp, false}, Case{DDI_IoInitializeIrp, false}, Case{DDI_IoMakeAssociatedIrp, true},
                       Case{DDI_IoBuildDeviceIoControlRequest, true}, Case{DDI_IoBuildSynchronousFsdRequest, true},
                       Case{DDI_IoBuildAsynchronousFsdRequest, true}}) {
    EventList run;
    run.enter(CALLBACK_Thread);
    const ObjectId irp = made(run, c.origin);
    reuse(run, irp);
    EXPECT_EQ(run.fired(), c.fires ? names{"IoReuseIrp"} : names{}) << ddi_name(c.origin);
    if (!c.fires) EXPECT_EQ(reuse(run, irp).fired(), names{}) << "it stays what it was made as";
  }
}

TEST(IoReuseIrp, GivenToTheDriver) {
  EventList run;
  const ObjectId irp = run.irp();
  reuse(run.dispatch(irp, 3), irp);
  EXPECT_EQ(run.fired(), names{"IoReuseIrp2"});
}

TEST(IoReuseIrp, InUse) {
  for (const bool back : {false, true}) {
    EventList run;
    run.enter(CALLBACK_Thread);
    const ObjectId irp = made(run, DDI_IoAllocateIrp);
    set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).forwarded(irp, kPendingStatus);
    if (back) taken_back(below_completes(run, irp), irp);
    reuse(run, irp);
    EXPECT_EQ(run.fired(), back ? names{} : names{"IoReuseIrp"});
  }
}

}  // namespace
}  // namespace wdm
