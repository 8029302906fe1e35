#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

bool allowed(std::uint8_t major) {
  return major == 3 || major == 4 || major == 0x0e || major == 0x0f || major == 0x16;
}

struct Origin {
  std::uint16_t ddi;
  const char* rule;
};

TEST(ForwardedAtBadIrql, EveryMajorFunctionIrqlAndOrigin) {
  for (const Origin origin : {Origin{DDI_None, "ForwardedAtBadIrql"}, Origin{DDI_IoAllocateIrp, "ForwardedAtBadIrqlAllocate"},
                              Origin{DDI_IoBuildAsynchronousFsdRequest, "ForwardedAtBadIrqlFsdAsync"},
                              Origin{DDI_IoBuildSynchronousFsdRequest, "ForwardedAtBadIrqlFsdSync"}})
    for (std::uint8_t major = 0; major <= 0x1b; ++major)
      for (const std::uint8_t irql : {0, 1, 2, 3}) {
        EventList run;
        ObjectId irp = run.irp();
        run.dispatch(irp, major);
        if (origin.ddi != DDI_None) irp = made(run, origin.ddi);
        set_routine(run, irp).at(irql).forward(irp, major, 0, EventList::kWithCompletion);
        EXPECT_EQ(run.fired(), irql == 2 && !allowed(major) ? names{origin.rule} : names{}) << +major << +irql;
      }
}

}  // namespace
}  // namespace wdm
