#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

struct Origin {
  std::uint16_t ddi;
  const char *complete, *forward;
};

constexpr Origin kOrigins[] = {
    {DDI_IoAllocateIrp, "IoAllocateComplete", "IoAllocateForward"},
    {DDI_IoInitializeIrp, "IoAllocateComplete", "IoAllocateForward"},
    {DDI_IoBuildAsynchronousFsdRequest, "IoBuildFsdComplete", "IoBuildFsdForward"},
    {DDI_IoBuildSynchronousFsdRequest, nullptr, nullptr},
    {DDI_IoBuildDeviceIoControlRequest, nullptr, nullptr},
    {DDI_IoMakeAssociatedIrp, nullptr, nullptr},
};

names expected(const char* rule) { return rule != nullptr ? names{rule} : names{}; }

TEST(OwnIrp, CompletedByItsMaker) {
  for (const Origin& origin : kOrigins) {
    EventList run;
    run.enter(CALLBACK_Thread);
    const ObjectId irp = made(run, origin.ddi);
    run.add(EVENT_IrpComplete, irp);
    EXPECT_EQ(run.fired(), expected(origin.complete)) << ddi_name(origin.ddi);
  }
}

TEST(OwnIrp, CompletedByItsMakerAfterItCameBack) {
  for (const Origin& origin : kOrigins) {
    EventList run;
    run.enter(CALLBACK_Thread);
    const ObjectId irp = made(run, origin.ddi);
    set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion);
    taken_back(below_completes(run, irp), irp).forwarded(irp).add(EVENT_IrpComplete, irp);
    EXPECT_EQ(run.fired(), expected(origin.complete)) << ddi_name(origin.ddi);
  }
}

TEST(OwnIrp, SilentWhenItsCompletionRoutineIsStillToCome) {
  for (const Origin& origin : kOrigins) {
    EventList run;
    run.enter(CALLBACK_Thread);
    const ObjectId irp = made(run, origin.ddi);
    set_routine(run, irp).add(EVENT_IrpComplete, irp);
    taken_back(run, irp);
    EXPECT_EQ(run.fired(), names{}) << ddi_name(origin.ddi);
  }
}

TEST(OwnIrp, SilentForADeviceOfTheDriversThatWasGivenIt) {
  for (const Origin& origin : kOrigins) {
    EventList run;
    run.enter(CALLBACK_Thread);
    const ObjectId irp = made(run, origin.ddi);
    set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion).dispatch(irp, 3).add(EVENT_IrpComplete, irp);
    taken_back(run, irp).leave(CALLBACK_Dispatch, irp, 0);
    EXPECT_EQ(run.fired(), names{}) << ddi_name(origin.ddi);
  }
}

TEST(OwnIrp, PassedDown) {
  for (const Origin& origin : kOrigins)
    for (int routine = 0; routine < 3; ++routine) {
      EventList run;
      run.enter(CALLBACK_Thread);
      const ObjectId irp = made(run, origin.ddi);
      if (routine == 1) set_routine(run, irp);
      run.forward(irp, 3, 0, routine == 2 ? EventList::kWithCompletion : 0);
      EXPECT_EQ(run.fired(), expected(routine == 0 ? origin.forward : nullptr)) << ddi_name(origin.ddi);
    }
}

TEST(OwnIrp, SilentForRequestsThatTheDriverWasGiven) {
  EventList run;
  const ObjectId irp = run.irp(), other = run.irp();
  run.dispatch(irp, 3).forward(irp).forwarded(irp, kPendingStatus).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.dispatch(other, 3).add(EVENT_IrpComplete, other).leave(CALLBACK_Dispatch, other, 0);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
