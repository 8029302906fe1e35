#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

struct Case {
  std::uint8_t major, minor, power;
  bool requests;  // PoRequestPowerIrp
  const char* rule;
};
constexpr Case kCases[] = {{major::kPnp, pnp::kStart, 0, false, "MarkStartDevice"},
                           {major::kPnp, pnp::kQueryDeviceRelations, 0, false, "MarkQueryRelations"},
                           {major::kPower, kSetPower, 1, false, "MarkPower"},
                           {major::kPower, kSetPower, 1, true, "MarkDevicePower"},
                           {major::kPower, kSetPower, 2, false, "MarkPowerDown"},
                           {major::kPower, kSetPower, 6, true, "MarkPowerDown"}};

names advised(const Case& one, std::uint64_t how, bool pends) {
  EventList run;
  const ObjectId irp = run.irp();
  run.dispatch(irp, one.major, one.minor, 0, one.power);
  if (pends) run.add(EVENT_IrpMarkPending, irp);
  const bool comes_back = !pends && how != 0;
  if (how != 0) set_routine(run, irp);
  run.forward(irp, one.major, one.minor, how).forwarded(irp, kPendingStatus);
  if (one.requests) run.call(DDI_PoRequestPowerIrp);
  if (comes_back) {
    run.thread(2);
    taken_back(below_completes(run, irp), irp).thread(1).complete(irp);
  }
  run.leave(CALLBACK_Dispatch, irp, comes_back ? 0 : kPendingStatus);
  EXPECT_EQ(run.fired(), names{});
  return run.advised({"MarkStartDevice", "MarkQueryRelations", "MarkPower", "MarkDevicePower", "MarkPowerDown"});
}

TEST(MarkPnpPower, AdviceWhenNotPended) {
  for (const Case& one : kCases) EXPECT_EQ(advised(one, EventList::kWithCompletion, false), names{one.rule});
}

TEST(MarkPnpPower, SilentWhenPended) {
  for (const Case& one : kCases) EXPECT_EQ(advised(one, EventList::kWithCompletion, true), names{});
}

TEST(MarkPnpPower, SilentWithoutACompletionRoutine) {
  for (const Case& one : kCases) EXPECT_EQ(advised(one, 0, false), names{});
}

TEST(MarkPnpPower, SilentForOtherRequests) {
  constexpr Case kOthers[] = {{major::kPnp, pnp::kRemove, 0, false, ""},
                              {major::kPower, kSetPower, 0x81, true, ""},
                              {major::kPower, 0x03, 1, false, ""},
                              {major::kRead, 0, 0, false, ""}};
  for (const Case& one : kOthers) EXPECT_EQ(advised(one, EventList::kWithCompletion, false), names{});
}

}  // namespace
}  // namespace wdm
