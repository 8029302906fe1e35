#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

TEST(IoFreeIrp, ByOrigin) {
  struct Case {
    std::uint16_t origin;
    const char* rule;
  };
  for (const Case c : {Case{DDI_IoAllocateIrp, nullptr}, Case{DDI_IoBuildAsynchronousFsdRequest, nullptr},
                       Case{DDI_IoMakeAssociatedIrp, nullptr}, Case{DDI_IoInitializeIrp, "IoAllocateFree"},
                       Case{DDI_IoBuildDeviceIoControlRequest, "IoBuildDeviceControlNoFree"},
                       Case{DDI_IoBuildSynchronousFsdRequest, "IoBuildSynchronousFsdRequestNoFree"}}) {
    EventList run;
    run.enter(CALLBACK_Thread);
    const ObjectId irp = made(run, c.origin);
    run.call(DDI_IoFreeIrp, irp);
    EXPECT_EQ(run.fired(), c.rule != nullptr ? names{c.rule} : names{}) << ddi_name(c.origin);
  }
}

TEST(IoFreeIrp, GivenToTheDriver) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, 3).call(DDI_IoFreeIrp, irp);
  EXPECT_EQ(run.fired(), names{"IoAllocateFree"});
}

const char* rule_of(std::uint16_t origin) { return origin == DDI_IoAllocateIrp ? "IoAllocateFree" : "IoBuildFsdFree"; }

TEST(IoFreeIrp, Twice) {
  for (const std::uint16_t origin : {DDI_IoAllocateIrp, DDI_IoBuildAsynchronousFsdRequest}) {
    EventList run;
    run.enter(CALLBACK_Thread);
    const ObjectId irp = made(run, origin);
    run.call(DDI_IoFreeIrp, irp).call(DDI_IoFreeIrp, irp);
    EXPECT_EQ(run.fired(), names{rule_of(origin)});
    EXPECT_EQ(run.finding().message, "IRP 1 freed twice");
  }
}

TEST(IoFreeIrp, InUseOrBack) {
  for (const std::uint16_t origin : {DDI_IoAllocateIrp, DDI_IoBuildAsynchronousFsdRequest})
    for (int how = 0; how < 4; ++how) {
      EventList run;
      run.enter(CALLBACK_Thread);
      const ObjectId irp = made(run, origin);
      set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).forwarded(irp, kPendingStatus);
      if (how == 1) taken_back(below_completes(run, irp), irp);
      if (how >= 2) below_completes(run, irp).enter(CALLBACK_Completion, irp);
      if (how == 3) run.thread(2).enter(CALLBACK_WorkItem);
      run.call(DDI_IoFreeIrp, irp);
      if (how >= 2) run.thread(1).leave(CALLBACK_Completion, irp, kMoreProcessing);
      EXPECT_EQ(run.fired(), how == 0 ? names{rule_of(origin)} : names{}) << how;
    }
}

// Nobody took it back, so that it went with its completion.
TEST(IoFreeIrp, AfterItIsGone) {
  EventList run;
  run.enter(CALLBACK_Thread);
  const ObjectId irp = made(run, DDI_IoBuildAsynchronousFsdRequest);
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion);
  gone(below_completes(run, irp), irp).forwarded(irp).call(DDI_IoFreeIrp, irp);
  EXPECT_EQ(run.fired(), names{"IoBuildFsdFree"});
}

TEST(IoFreeIrp, SilentForWhatIsNoIrpOrNotKnown) {
  EventList run;
  run.enter(CALLBACK_Thread).call(DDI_IoFreeIrp).call(DDI_IoFreeIrp, run.object(OBJECT_Pool));
  run.call(DDI_IoFreeIrp, run.object(OBJECT_Irp));
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
