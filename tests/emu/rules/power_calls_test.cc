#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct Power {
  EventList run;
  ObjectId irp = run.irp();

  EventList& receive(std::uint8_t power, std::uint8_t minor = kSetPower) { return run.dispatch(irp, major::kPower, minor, 0, power); }
  names advised() {
    run.complete(irp).leave(CALLBACK_Dispatch, irp);
    EXPECT_EQ(run.fired(), names{});
    return run.advised({"PowerIrpDDIs", "PagedCodeAtPowerTrans", "PowerDownAllocate"});
  }
};
constexpr std::uint8_t kStates[] = {0x01, 0x02, 0x06, 0x81, 0x84};  // S0, S1, S5, D0, D3

TEST(PowerIrpDDIs, AdviceForPassiveRoutines) {
  for (const std::uint8_t state : kStates) {
    for (const std::uint16_t ddi : {DDI_ZwCreateKey, DDI_IoGetDeviceProperty, DDI_KeDelayExecutionThread}) {
      Power power;
      power.receive(state).call(ddi);
      EXPECT_EQ(power.advised(), names{"PowerIrpDDIs"});
    }
  }
}

TEST(PowerIrpDDIs, SilentForOtherRoutines) {
  for (const std::uint8_t state : kStates) {
    Power power;
    power.receive(state).call(DDI_KeSetEvent).call(DDI_PoSetPowerState).call(DDI_PoRequestPowerIrp);
    EXPECT_EQ(power.advised(), names{});
  }
}

TEST(PowerIrpDDIs, SilentForQueriesAndElsewhere) {
  Power query, thread;
  query.receive(1, 0x03).call(DDI_ZwCreateKey).call(DDI_wdm_paged_code);
  EXPECT_EQ(query.advised(), names{});
  thread.receive(1);
  thread.run.thread(2).enter(CALLBACK_WorkItem).call(DDI_ZwCreateKey).call(DDI_wdm_paged_code).leave(CALLBACK_WorkItem).thread(1);
  EXPECT_EQ(thread.advised(), names{});
}

TEST(PagedCodeAtPowerTrans, AdviceForPagedCode) {
  for (const std::uint8_t state : kStates) {
    Power power;
    power.receive(state).call(DDI_wdm_paged_code);
    EXPECT_EQ(power.advised(), names{"PagedCodeAtPowerTrans"});
  }
}

TEST(PowerDownAllocate, AdviceWhenTheSystemGoesToSleep) {
  for (const std::uint8_t state : kStates) {
    Power power;
    power.receive(state).add(EVENT_PoolAlloc, power.run.object(OBJECT_Pool), 16);
    EXPECT_EQ(power.advised(), state == 0x02 || state == 0x06 ? names{"PowerDownAllocate"} : names{});
  }
}

}  // namespace
}  // namespace wdm
