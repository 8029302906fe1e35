// The bytes that stand for a driver's names in binary scenarios, as a dictionary in libFuzzer's and AFL++'s format: for
// engines whose mutations know nothing of scenarios.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/discover.h"

namespace wdm {

// IOCTL codes, the numbers of numbers.h, and the DDIs that directives can name. `ddis` has lines "emulated NAME" and "missing NAME", as the driver
// compiler writes them.
std::string dictionary(const std::vector<Ioctl>& ioctls, const std::vector<std::uint32_t>& numbers, std::string_view ddis);

}  // namespace wdm
