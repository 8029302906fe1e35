#include "harness/numbers.h"

#include <gtest/gtest.h>

namespace wdm {
namespace {

using Numbers = std::vector<std::uint32_t>;

TEST(Numbers, AreWhatIsComparedMaskedAndSwitchedOn) {
  EXPECT_EQ(compared_numbers("  %5 = icmp ult i32 %4, 16, !dbg !7\n"), Numbers{16});
  EXPECT_EQ(compared_numbers("  %5 = icmp ne i64 %conv, 24\n"), Numbers{24});
  EXPECT_EQ(compared_numbers("  %cmp = icmp eq i64 52, %conv, !dbg !7\n"), Numbers{52}) << "sizeof(X) == length";
  EXPECT_EQ(compared_numbers("  %and = and i32 %3, 64, !dbg !7\n"), Numbers{64});
  EXPECT_EQ(compared_numbers("  switch i32 %1, label %d [\n    i32 2236416, label %a\n    i32 -5, label %b\n  ]\n"),
            (Numbers{2236416, 0xfffffffb}));
  EXPECT_EQ(compared_numbers("  %5 = icmp eq i8 %4, -2\n  %6 = icmp eq i8 %4, 2\n  %7 = icmp eq i8 %4, 2\n"), (Numbers{2, 254}));
}

TEST(Numbers, WithoutWhatNoInputHas) {
  for (const char* const line :
       {"  %5 = icmp ult i32 %4, 1", "  %5 = icmp ult i32 %4, %3", "  %5 = icmp eq i32 %4, -1073741789, !dbg !7",
        "  %5 = icmp eq ptr %4, null", "  %5 = icmp ne i64 %4, 1099511627776", "  %5 = add i32 %4, 16", "  br label %16",
        "  %5 = icmp eq i1 %4, 2", "", "icmp", " icmp ,", " and i", "    i, label %", "    i32 , label %"})
    EXPECT_EQ(compared_numbers(line), Numbers{}) << line;
}

}  // namespace
}  // namespace wdm
