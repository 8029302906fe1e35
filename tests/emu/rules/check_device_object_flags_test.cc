#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

constexpr std::uint64_t kFlags[] = {0, 0x2000, 0x4000, 0x6000};

TEST(CheckDeviceObjectFlags, AdviceWhenChildAndBusDiffer) {
  for (const std::uint64_t child : kFlags) {
    for (const std::uint64_t bus : kFlags) {
      EventList run;
      const ObjectId fdo = run.object(OBJECT_Device);
      run.add(EVENT_Reported, run.object(OBJECT_Device), child | 0x80 | (bus | 0x10) << 32, fdo);
      EXPECT_EQ(run.advised({"CheckDeviceObjectFlags"}), child != bus ? names{"CheckDeviceObjectFlags"} : names{});
      EXPECT_EQ(run.fired(), names{});
    }
  }
}

}  // namespace
}  // namespace wdm
