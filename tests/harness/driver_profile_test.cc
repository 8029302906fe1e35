#include "harness/driver_profile.h"

#include <gtest/gtest.h>

#include "harness/dictionary.h"
#include "harness/scenario_binary.h"

namespace wdm {
namespace {

TEST(DriverProfile, ComesBackFromItsText) {
  DriverProfile profile;
  profile.name = "mailbox \"x\"";
  profile.ioctls = {0x222000, 0xffffffff};
  profile.ioctl_names = {"IOCTL_A", ""};
  profile.majors = 0x80000001;
  profile.devices = 3;
  profile.pnp = true;
  profile.interrupts = true;
  profile.ddis = {1, 2};
  profile.names = false;
  profile.handled = {0x222000};
  profile.numbers = {4, 0x80000000};
  const auto back = profile_from_text(profile_to_text(profile));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->name, profile.name);
  EXPECT_EQ(back->ioctls, profile.ioctls);
  EXPECT_EQ(back->ioctl_names, profile.ioctl_names);
  EXPECT_EQ(back->majors, profile.majors);
  EXPECT_EQ(back->devices, profile.devices);
  EXPECT_EQ(back->pnp, profile.pnp);
  EXPECT_EQ(back->interrupts, profile.interrupts);
  EXPECT_EQ(back->ddis, profile.ddis);
  EXPECT_EQ(back->names, profile.names);
  EXPECT_EQ(back->handled, profile.handled);
  EXPECT_EQ(back->numbers, profile.numbers);
}

TEST(DriverProfile, OtherTextIsNone) {
  for (const char* const text : {"", "{", "[]", "{}", "{\"name\": 1}", "wdmfuzz 1"}) EXPECT_FALSE(profile_from_text(text)) << text;
}

TEST(Dictionary, HasCodesAndDdisAsTheyAreInScenarios) {
  const std::string text = dictionary({{"IOCTL_A", 0x00222004, 0, 0}, {"", 0x9c402400, 0, 0}}, {20},
                                      "emulated KeAcquireSpinLockRaiseToDpc\nmissing NoSuchDdi\n");
  EXPECT_NE(text.find("IOCTL_A=\"\\x04\\x20\\x22\\x00\"\n"), text.npos) << text;
  EXPECT_NE(text.find("code_9c402400=\"\\x00\\x24\\x40\\x9c\"\n"), text.npos) << text;
  EXPECT_NE(text.find("number_20=\"\\x14\\x00\\x00\\x00\"\n"), text.npos) << text;
  EXPECT_NE(text.find("KeAcquireSpinLockRaiseToDpc=\"\\x"), text.npos) << text;
  EXPECT_EQ(text.find("NoSuchDdi"), text.npos) << text;
  const std::uint32_t key = binary::ddi_key(find_ddi("KeAcquireSpinLockRaiseToDpc"));
  EXPECT_EQ(binary::find_ddi_key(key), find_ddi("KeAcquireSpinLockRaiseToDpc"));
}

}  // namespace
}  // namespace wdm
