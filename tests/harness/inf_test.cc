#include "harness/inf.h"

#include <gtest/gtest.h>

namespace wdm {
namespace {

using Ids = std::vector<std::string>;

TEST(Inf, ModelsOfEveryPlatform) {
  EXPECT_EQ(hardware_ids_of_inf("[Manufacturer]\n%M% = Models, NTamd64 ; comment\n"
                                "[Models]\n%A% = Inst, root\\one\n"
                                "[Models.NTamd64]\n\"A, b\" = Inst, ROOT\\One\n%B% = Inst, USB\\VID_1&PID_2, USB\\Class_1\n"),
            (Ids{"root\\one", "USB\\VID_1&PID_2"}));
}

TEST(Inf, StringsAndQuotes) {
  EXPECT_EQ(hardware_ids_of_inf("[manufacturer]\nX=M\n[M]\nY=I,%Id%\n[Strings]\nid = \"bus\\device\"\n"), Ids{"bus\\device"});
}

TEST(Inf, Utf16) {
  std::string text = "\xff\xfe";
  for (const char c : std::string("[Manufacturer]\r\nX=M\r\n[M]\r\nY=I,a\\b\r\n")) text += c, text += '\0';
  EXPECT_EQ(hardware_ids_of_inf(text), Ids{"a\\b"});
}

TEST(Inf, NoInf) {
  EXPECT_EQ(hardware_ids_of_inf(""), Ids{});
  EXPECT_EQ(hardware_ids_of_inf("[Manufacturer]\nX\n=\nY=Nowhere\n"), Ids{});
  EXPECT_EQ(hardware_ids_of_inf("[[[=,,,\n;"), Ids{});
}

}  // namespace
}  // namespace wdm
