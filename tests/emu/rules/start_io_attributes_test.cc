#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

constexpr std::uint64_t kDeferred = 1, kNonCancelable = 2;

names judge(const EventList& run) {
  EXPECT_EQ(run.fired(), names{}) << "advice is not judged unless asked for";
  Tracker tracker;
  tracker.enable("StartIoCancel", true);
  tracker.enable("StartIoRecursion", true);
  names result;
  for (const Finding& finding : tracker.judge(run.trace)) result.emplace_back(rule_info(finding.rule).name);
  return result;
}

TEST(StartIoAttributes, CancelRoutine) {
  for (const bool told : {false, true})
    for (const std::uint64_t attributes : {std::uint64_t{0}, kNonCancelable})
      for (const std::uint64_t set : {0, 1})
        for (const std::uint16_t ddi : {DDI_IoSetCancelRoutine, DDI_IoStartPacket}) {
          EventList run;
          const ObjectId irp = run.irp(), device = run.object(OBJECT_Device);
          run.enter(CALLBACK_WorkItem);
          if (told) run.add(EVENT_StartIoAttributes, device, attributes);
          run.inside(ddi).add(EVENT_IrpSetCancel, irp, set).inside(DDI_None);
          const bool bad = told && attributes == 0 && set == 1 && ddi == DDI_IoSetCancelRoutine;
          EXPECT_EQ(judge(run), bad ? names{"StartIoCancel"} : names{});
        }
}

TEST(StartIoAttributes, Recursion) {
  for (const bool told : {false, true})
    for (const std::uint64_t attributes : {kNonCancelable, kNonCancelable | kDeferred})
      for (const std::uint32_t caller : {CALLBACK_StartIo, CALLBACK_Dpc}) {
        EventList run;
        const ObjectId irp = run.irp(), device = run.object(OBJECT_Device);
        if (told) run.add(EVENT_StartIoAttributes, device, attributes);
        run.at(2).enter(caller, irp).call(DDI_IoStartNextPacket, device).leave(caller, irp);
        const bool bad = caller == CALLBACK_StartIo && !(told && (attributes & kDeferred) != 0);
        EXPECT_EQ(judge(run), bad ? names{"StartIoRecursion"} : names{});
      }
}

}  // namespace
}  // namespace wdm
