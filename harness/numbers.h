// Numbers that the driver compares its input with: lengths, commands, bits. A random number seldom is one of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace wdm {

// What LLVM's text form compares with, masks with, or switches on, as far as it fits 32 bits: ascending, each once; of very
// many the smallest. Without 0, 1, all ones, and error codes of Windows, which are what the kernel answers.
std::vector<std::uint32_t> compared_numbers(std::string_view ir);

}  // namespace wdm
